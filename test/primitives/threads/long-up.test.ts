import { getEnvironmentData } from 'node:worker_threads';
import { Lock, Thread, waits } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { ENVIRONMENT_KEY } from '../../../src/primitives/threads/table.js';

/** Of the table's header: how many primitives and how many threads there were. */
const [PRIMITIVE_IDS, THREAD_NUMBERS] = [3, 4];

it('after two billion primitives and threads, those that follow are told apart and sent as before', async () => {
  const table = new Int32Array(getEnvironmentData(ENVIRONMENT_KEY) as SharedArrayBuffer);
  for (const count of [PRIMITIVE_IDS, THREAD_NUMBERS]) table[count] = 2 ** 31 - 2;
  const locks = [new Lock(), new Lock(), new Lock()];
  expect(locks.map(({ name }) => name)).toEqual(['Lock-2147483647', 'Lock-1', 'Lock-2']);
  for (const lock of locks) {
    lock.acquireSync();
    const waiting = lock.acquire().subscribe();
    expect(lock.waiting).toBe(1);
    expect(waits()).toMatchObject([{ name: lock.name, primitive: Number(lock.name.slice('Lock-'.length)) }]);
    waiting.unsubscribe();
    const target = (one: Lock): boolean => one.locked();
    const thread = new Thread({ target, args: [lock] });
    expect(thread.name).toMatch(/^Thread-\d+\b/);
    expect(await thread.start().result()).toBe(true);
  }
});
