import assert from 'node:assert/strict';
import { Lock, Thread } from 'rxjs-threading';

it('a thread', async () => {
  const lock = new Lock();
  const target = async (lock: Lock) => lock.acquireSync() && (await import('node:path')).basename('/a/b');
  assert.equal(await new Thread({ target, args: [lock] }).start().result(), 'b');
  assert.equal(lock.locked(), true);
});
