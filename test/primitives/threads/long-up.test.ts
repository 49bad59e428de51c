import { getEnvironmentData } from 'node:worker_threads';
import { Lock, Thread, waits } from 'rxjs-threading';
import { expect, it } from 'vitest';
import { contended, factsOf, waited } from '../../../src/primitives/threads/contention.js';
import { PoolRecord, poolFacts } from '../../../src/primitives/threads/pool-records.js';
import { reserve } from '../../../src/primitives/threads/reserve.js';
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

/** Sets each word that counts how often this is called to the last number before the sign. */
function countOn(once: () => void): void {
  const cells = reserve();
  const before = cells.slice();
  for (let times = 0; times < 7; times++) once();
  let found = 0;
  for (const [at, value] of cells.entries())
    if (value - (before[at] as number) === 7) {
      cells[at] = 2 ** 31 - 1;
      found++;
    }
  expect(found).toBeGreaterThan(0);
  once();
}

it.each(['completed', 'failed', 'cancelled'] as const)('after two billion jobs more are %s', (how) => {
  const record = new PoolRecord(how, 1, 1);
  countOn(() => record.ended(how));
  expect(poolFacts().find(({ id }) => id === record.id)).toMatchObject({ [how]: 2 ** 31 });
});

it('after two billion waits that timed out more do', () => {
  const cells = new Int32Array(new SharedArrayBuffer(64));
  const primitive = { id: 4711, name: 'patient', cells, primitiveKind: 'Lock' } as const;
  const at = contended(primitive);
  countOn(() => waited(at, 1, true));
  expect(factsOf(cells, primitive.id)).toMatchObject({ timeouts: 2 ** 31 });
});
