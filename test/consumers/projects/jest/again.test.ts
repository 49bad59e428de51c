import { Lock, mainThread, Thread } from 'rxjs-threading';

// Jest gives each file a copy of the library, and all of them one process.
test('a second file', async () => {
  expect(mainThread().ident).toBe(4096);
  const lock = new Lock();
  expect(
    await new Thread({ target: (lock: Lock) => lock.acquireSync(), args: [lock] }).start().result(),
  ).toBe(true);
});
