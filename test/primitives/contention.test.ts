import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  OwnerDiedError,
  RLock,
  Semaphore,
  Thread,
} from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { percentileOf } from '../../src/primitives/memory/histogram.js';
import { contendedPrimitives, type PrimitiveFacts } from '../../src/primitives/threads/contention.js';
import { waits } from '../../src/primitives/threads/wait-graph.js';

const idOf = (primitive: object): number => (primitive as { id: number }).id;

function factsOf(primitive: object): PrimitiveFacts | undefined {
  const found = contendedPrimitives().filter(({ id }) => id === idOf(primitive));
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0];
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

const isWaitedFor = (primitive: object) => () => waits().some((wait) => wait.primitive === idOf(primitive));

describe('what is counted of the waits for a primitive', () => {
  it('is nothing while nobody has to wait', async () => {
    const lock = new Lock();
    lock.acquireSync();
    expect(lock.acquireSync({ blocking: false })).toBe(false);
    lock.release();
    await lock.acquire();
    lock.release();
    expect(factsOf(lock)).toBeUndefined();
  });

  it.each([
    ['Lock', () => new Lock(), (lock: Lock) => lock.acquireSync()],
    ['RLock', () => new RLock({ name: 'mine' }), (lock: RLock) => lock.acquireSync()],
    ['Semaphore', () => new Semaphore(1), (permits: Semaphore) => permits.acquireSync()],
    ['BoundedSemaphore', () => new BoundedSemaphore(1), (permits: BoundedSemaphore) => permits.acquireSync()],
  ] as const)('%s: begins with the first wait, of a thread that blocks', async (kind, make, take) => {
    const primitive = make() as Lock;
    primitive.acquireSync();
    const target = take as (primitive: Lock) => boolean;
    const thread = new Thread({ target, args: [primitive], daemon: true }).start();
    await until(isWaitedFor(primitive));
    const nothing = { count: 0, total: 0, max: 0, buckets: [] };
    const { name } = primitive;
    const told = { id: idOf(primitive), kind, name, named: name === 'mine' };
    expect(factsOf(primitive)).toMatchObject({ ...told, timeouts: 0, wait: nothing, held: null });
    primitive.release();
    await thread.join();
    const { wait } = factsOf(primitive) as PrimitiveFacts;
    expect(wait).toMatchObject({ count: 1, max: wait.total, buckets: [{ count: 1 }] });
    expect(wait.total).toBeGreaterThan(0);
  });

  it.each([
    ['Event', () => new Event(), (event: Event) => event.set()],
    ['Barrier', () => new Barrier(2), (barrier: Barrier) => void barrier.wait().subscribe()],
  ] as const)('%s: the waits of Observables, too', async (kind, make, free) => {
    const primitive = make() as Event;
    const ends: unknown[] = [];
    primitive.wait().subscribe((end) => ends.push(end));
    expect(factsOf(primitive)).toMatchObject({ kind, wait: { count: 0 } });
    free(primitive as never);
    await until(() => ends.length === 1);
    expect(factsOf(primitive)).toMatchObject({ kind, wait: { count: 1 }, timeouts: 0 });
  });

  it('a Condition and its lock: each its own waits', async () => {
    const condition = new Condition(new Lock());
    const held = await condition.hold();
    const notified = Promise.resolve(condition.wait());
    await condition.acquire();
    condition.notify();
    condition.release();
    expect(await notified).toBe(true);
    held.release();
    expect(factsOf(condition)).toMatchObject({ kind: 'Condition', wait: { count: 1 } });
  });

  it('says how they ended: granted, timed out, left', async () => {
    const lock = new Lock({ name: 'ledger' });
    lock.acquireSync();
    expect(lock.acquireSync({ timeout: 5 })).toBe(false);
    expect(await lock.acquire({ timeout: 5 })).toBe(false);
    lock.acquire().subscribe().unsubscribe();
    const granted = lock.acquire().then((taken) => taken);
    lock.release();
    expect(await granted).toBe(true);
    lock.release();
    const { wait, timeouts } = factsOf(lock) as PrimitiveFacts;
    expect([wait.count, timeouts]).toEqual([4, 2]);
    expect(wait.max).toBeGreaterThanOrEqual(4.9);
    expect(wait.total).toBeGreaterThanOrEqual(9.8);
  });

  it('says how many took how long, with sum and maximum, also of many', async () => {
    const lock = new Lock();
    lock.acquireSync();
    const timeouts = [1, 2, 3, 4, 5, 20, 21, 22, 23, 24];
    await Promise.all(timeouts.map((timeout) => Promise.resolve(lock.acquire({ timeout }))));
    const { wait } = factsOf(lock) as PrimitiveFacts;
    expect(wait.count).toBe(10);
    expect(wait.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(10);
    expect(wait.total).toBeGreaterThanOrEqual(125);
    expect(wait.max).toBeGreaterThanOrEqual(24);
    expect(wait.max).toBeLessThanOrEqual(wait.total);
    expect(percentileOf(wait, 100)).toBe(wait.max);
    expect(percentileOf(wait, 60)).toBeGreaterThanOrEqual(20);
  });

  it('adds up over threads that come for the first time at once', async () => {
    const [lock, ready] = [new Lock(), new Barrier(4)];
    const target = (lock: Lock, ready: Barrier) => {
      let waited = 0;
      ready.waitSync();
      for (let round = 0; round < 300; round++) {
        if (!lock.acquireSync({ blocking: false })) {
          waited += lock.acquireSync({ timeout: 60_000 }) ? 1 : 0;
        }
        for (let spin = 0; spin < 500; spin++) Math.sqrt(spin);
        lock.release();
      }
      return waited;
    };
    // So that all four have to wait.
    lock.acquireSync();
    const threads = Array.from({ length: 4 }, () => new Thread({ target, args: [lock, ready] }).start());
    await until(() => waits().filter(({ primitive }) => primitive === idOf(lock)).length === 4);
    lock.release();
    const waited = await Promise.all(threads.map((thread) => Promise.resolve(thread.result())));
    const { wait } = factsOf(lock) as PrimitiveFacts;
    // Some of those who had to try again have found it free then.
    expect(wait.count).toBeLessThanOrEqual(waited.reduce((sum, of) => sum + of, 0));
    expect(wait.count).toBeGreaterThanOrEqual(4);
    expect(wait.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(wait.count);
    expect(factsOf(ready)).toMatchObject({ kind: 'Barrier', wait: { count: 3 } });
  });
});

describe('how a Lock is used', () => {
  it('is a signal once another thread has released it', async () => {
    const lock = new Lock();
    lock.acquireSync();
    const target = (lock: Lock) => lock.acquireSync();
    const thread = new Thread({ target, args: [lock] }).start();
    await until(isWaitedFor(lock));
    expect(factsOf(lock)).toMatchObject({ signalled: false, returned: false });
    lock.release();
    await thread.join();
    expect(factsOf(lock)).toMatchObject({ signalled: false, returned: true });
    lock.release();
    expect(factsOf(lock)).toMatchObject({ signalled: true });
  });

  it.each([
    ['hold', async (lock: Lock) => (await lock.hold()).release()],
    ['holdSync', (lock: Lock) => lock.holdSync().release()],
  ])('is seen from its %s', async (_, hold) => {
    const lock = new Lock();
    await hold(lock);
    lock.acquireSync();
    lock.acquire().subscribe().unsubscribe();
    lock.release();
    expect(factsOf(lock)).toMatchObject({ heldByHolder: true, signalled: false });
  });

  it('counts owners that died', async () => {
    const lock = new Lock();
    const target = (lock: Lock) => {
      lock.acquireSync();
      for (;;);
    };
    const thread = new Thread({ target, args: [lock], daemon: true }).start();
    await until(() => lock.locked());
    await thread.terminate();
    await expect(Promise.resolve(lock.acquire())).rejects.toThrow(OwnerDiedError);
    expect(factsOf(lock)).toMatchObject({ ownerDeaths: 1 });
  });
});
