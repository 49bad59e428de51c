import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Barrier, Condition, Event, Lock, OwnerDiedError, RLock, Semaphore, toHandle } from 'rxjs-threading';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { awake, countAwake } from '../support/awake.js';

/**
 * Deaths at a random step; the explorer kills at every step, and test/long at random for minutes. Where the step is known
 * each death is the same, and a few rounds show that nothing is left of the one before.
 */
const RANDOM_ROUNDS = 2;
const ROUNDS = 2;

type Use = 'churnSync' | 'churn' | 'hold' | 'blockFor' | 'queueFor' | 'waitSync' | 'wait';
const victims = new Set<Worker>();

async function victim(
  primitive: Parameters<typeof toHandle>[0],
  use: Use,
  until: 'started' | 'in',
): Promise<Worker> {
  const worker = new Worker(new URL('../fixtures/victim.js', import.meta.url), {
    workerData: { primitive: toHandle(primitive), use },
  });
  victims.add(worker);
  for (;;) {
    const [message] = await once(worker, 'message');
    if (message === until) return worker;
  }
}

async function kill(worker: Worker): Promise<void> {
  victims.delete(worker);
  await worker.terminate();
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

beforeAll(countAwake);
afterEach(async () => {
  await Promise.all([...victims].map(kill));
});

describe.each([
  ['Lock', () => new Lock()],
  ['RLock', () => new RLock()],
])('a %s whose owner is killed', (_, make) => {
  it.each(['await', 'block'])('tells one acquirer (%s), within a second, and is free then', async (face) => {
    const lock = make();
    const worker = await victim(lock, 'hold', 'in');
    const owner = lock.owner;
    await kill(worker);
    const start = awake();
    const error = await (async () => (face === 'await' ? await lock.acquire() : lock.acquireSync()))().catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(OwnerDiedError);
    expect(error).toMatchObject({ owner, code: 'ERR_OWNER_DIED' });
    expect(awake() - start).toBeLessThan(1000);
    expect(lock.locked()).toBe(false);
    expect(lock.acquireSync({ blocking: false })).toBe(true);
    lock.release();
  });

  it('tells an acquirer that polls, too', async () => {
    const lock = make();
    const worker = await victim(lock, 'hold', 'in');
    await kill(worker);
    const start = awake();
    let told = 0;
    while (awake() - start < 1000) {
      try {
        if (lock.acquireSync({ blocking: false })) break;
      } catch (error) {
        expect(error).toBeInstanceOf(OwnerDiedError);
        told++;
      }
    }
    expect(told).toBe(1);
    lock.release();
  });

  it('tells one of many that wait, and serves the others', async () => {
    const lock = make();
    const worker = await victim(lock, 'hold', 'in');
    const outcomes: string[] = [];
    const waits = Array.from({ length: 10 }, async () => {
      try {
        await lock.acquire();
        outcomes.push('held');
        lock.release();
      } catch (error) {
        outcomes.push((error as Error).name);
      }
    });
    await kill(worker);
    await Promise.all(waits);
    expect(outcomes.filter((outcome) => outcome === 'OwnerDiedError')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(9);
    expect(lock.waiting).toBe(0);
  });
});

describe('a worker killed at random while it takes and gives back', () => {
  it.each([
    ['Lock', 'churnSync', () => new Lock()],
    ['Lock', 'churn', () => new Lock()],
    ['RLock', 'churnSync', () => new RLock()],
    ['RLock', 'churn', () => new RLock()],
  ] as const)('costs others at most an error: %s, %s', { timeout: 60_000 }, async (_name, use, make) => {
    const lock = make();
    let died = 0;
    for (let round = 0; round < RANDOM_ROUNDS; round++) {
      const workers = await Promise.all([victim(lock, use, 'started'), victim(lock, use, 'started')]);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      await Promise.all(workers.map(kill));
      const start = awake();
      for (;;) {
        try {
          await lock.acquire();
          break;
        } catch (error) {
          expect(error).toBeInstanceOf(OwnerDiedError);
          died++;
        }
      }
      expect(awake() - start).toBeLessThan(1000);
      lock.release();
      expect(lock.waiting).toBe(0);
    }
    expect(died).toBeLessThanOrEqual(4 * RANDOM_ROUNDS);
  });

  it('leaves a survivor that blocks its progress', { timeout: 60_000 }, async () => {
    const lock = new Lock();
    for (let round = 0; round < RANDOM_ROUNDS; round++) {
      const workers = await Promise.all([
        victim(lock, 'churnSync', 'started'),
        victim(lock, 'churn', 'started'),
      ]);
      const killed = workers.map(kill);
      for (let turn = 0; turn < 20; turn++) {
        const start = awake();
        try {
          lock.acquireSync();
          lock.release();
        } catch (error) {
          expect(error).toBeInstanceOf(OwnerDiedError);
        }
        expect(awake() - start).toBeLessThan(1000);
      }
      await Promise.all(killed);
    }
  });
});

describe('a worker killed while it waits', () => {
  it.each(['blockFor', 'queueFor'] as const)(
    'does not take the permit that the next one gets: %s',
    async (use) => {
      for (let round = 0; round < ROUNDS; round++) {
        const semaphore = new Semaphore(0);
        const worker = await victim(semaphore, use, 'in');
        await until(() => semaphore.waiting === 1);
        const next = semaphore.acquire().then(() => awake());
        await kill(worker);
        const start = awake();
        semaphore.release();
        expect((await next) - start).toBeLessThan(1000);
        expect(semaphore.waiting).toBe(0);
        expect(semaphore.value).toBe(0);
      }
    },
  );

  it.each(['waitSync', 'wait'] as const)(
    'is not notified in the place of one that lives: %s',
    async (use) => {
      for (let round = 0; round < ROUNDS; round++) {
        const condition = new Condition(new Lock());
        const worker = await victim(condition, use, 'in');
        await until(() => condition.waiting === 1);
        await condition.acquire();
        const next = condition.wait().then((notified) => ({ notified, time: awake() }));
        await until(() => condition.waiting === 2);
        await kill(worker);
        await condition.acquire();
        const start = awake();
        condition.notify(1);
        condition.release();
        const { notified, time } = await next;
        expect(notified).toBe(true);
        expect(time - start).toBeLessThan(1000);
        condition.release();
        expect(condition.waiting).toBe(0);
      }
    },
  );

  it.each(['waitSync', 'wait'] as const)('passes on what it was notified of just before: %s', async (use) => {
    for (let round = 0; round < ROUNDS; round++) {
      const condition = new Condition(new Lock());
      const worker = await victim(condition, use, 'in');
      await until(() => condition.waiting === 1);
      await condition.acquire();
      const next = condition.wait();
      const served = next.then(() => awake());
      await until(() => condition.waiting === 2);
      await condition.acquire();
      condition.notify(1);
      // The lock is still held here, so the one that was notified cannot go on.
      await kill(worker);
      const start = awake();
      condition.release();
      expect((await served) - start).toBeLessThan(1000);
      condition.release();
    }
  });

  it.each(['waitSync', 'wait'] as const)('withdraws from a barrier: %s', async (use) => {
    for (let round = 0; round < ROUNDS; round++) {
      const barrier = new Barrier(2);
      const worker = await victim(barrier, use, 'in');
      await until(() => barrier.nWaiting === 1);
      await kill(worker);
      await until(() => barrier.nWaiting === 0);
      const indices = await Promise.all([barrier.wait(), barrier.wait()]);
      expect(indices.sort()).toEqual([0, 1]);
    }
  });

  it('is no longer counted as waiting for an event, which goes on working', async () => {
    const event = new Event();
    const workers = await Promise.all([victim(event, 'waitSync', 'in'), victim(event, 'wait', 'in')]);
    await until(() => event.waiting === 2);
    await Promise.all(workers.map(kill));
    await until(() => event.waiting === 0);
    const wait = event.wait().then((set) => set);
    event.set();
    expect(await wait).toBe(true);
  });
});
