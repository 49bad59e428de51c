const assert = require('node:assert/strict');
const { Lock, Thread } = require('rxjs-threading');

it('one copy, whichever way it is loaded', async () => {
  assert.equal((await import('rxjs-threading')).Lock, Lock);
});

it('a thread', async () => {
  const lock = new Lock();
  const target = async (lock) => lock.acquireSync() && (await import('node:path')).basename('/a/b');
  assert.equal(await new Thread({ target, args: [lock] }).start().result(), 'b');
  assert.equal(lock.locked(), true);
});
