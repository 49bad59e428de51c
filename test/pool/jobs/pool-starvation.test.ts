import {
  Barrier,
  Condition,
  Event,
  Lock,
  type PoolWarning,
  Semaphore,
  Thread,
  ThreadPool,
  threadModule,
} from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);

describe('a pool starves', () => {
  let pool: ThreadPool;
  const warnings: PoolWarning[] = [];
  const open = (maxThreads: number): void => {
    pool = new ThreadPool({ maxThreads, name: 'small' });
    pool.warnings$.subscribe((warning) => warnings.push(warning));
  };

  beforeEach(() => {
    warnings.length = 0;
  });
  afterEach(async () => {
    await pool.close();
    expect(pool.stats.starved).toBe(false);
  });

  /** A Thread that is queued behind the jobs that run. */
  const queueInner = (): Thread<number> => new Thread({ target: () => 1, name: 'inner', pool }).start();

  it.each(['joinSync', 'join', 'result'] as const)(
    'when its one job waits for one that is queued behind it, by %s, and goes on when that is given up',
    async (how) => {
      open(1);
      const begun = new Event();
      const outer = pool.run(jobs.waitForThread, [begun, 'inner', how], { name: 'outer' }).then();
      await begun.wait();
      const inner = queueInner();
      await until(() => warnings.length > 0);
      expect(pool.stats).toMatchObject({ starved: true, busy: 1, queued: 1 });
      expect(warnings).toMatchObject([
        {
          pool: 'small',
          queued: 1,
          message:
            "small starves: its only worker waits, while 1 job that may end it is queued behind: 'outer' waits for the end of 'inner', which is queued",
          waits: [{ name: 'inner', owner: inner.ident, blocking: how === 'joinSync' }],
        },
      ]);
      await inner.terminate();
      if (how === 'result') await expect(outer).rejects.toThrow(/'inner' died before it began/);
      else await outer;
      expect(pool.stats.starved).toBe(false);
    },
  );

  it('and tells who waits for what that is held by whom', async () => {
    open(2);
    const lock = new Lock({ name: 'books' });
    const begun = new Event();
    const holder = pool.run(jobs.holdForThread, [lock, begun, 'inner'], { name: 'holder' }).then();
    await begun.wait();
    const blocked = pool.run(jobs.blockOnLock, [lock], { name: 'blocked' }).then();
    await until(() => lock.waiting === 1);
    const inner = queueInner();
    await until(() => warnings.length > 0);
    expect(warnings[0]?.message).toBe(
      'small starves: all of its 2 workers wait, while 1 job that may end it is queued behind: ' +
        "'holder' waits for the end of 'inner', which is queued, 'blocked' waits for 'books', which 'holder' holds",
    );
    await inner.terminate();
    await Promise.all([holder, blocked]);
    expect(warnings).toHaveLength(1);
  });

  it('when what helps is itself stuck in what is queued', async () => {
    open(1);
    const begun = new Event();
    const outer = pool.run(jobs.joinOneThatJoins, [begun, 'inner'], { name: 'outer' }).then();
    await begun.wait();
    const inner = queueInner();
    await until(() => warnings.length > 0);
    expect(warnings[0]?.message).toMatch(/'outer' waits for the end of 'helper'$/);
    await inner.terminate();
    await outer;
  });
});

describe('a pool does not starve', () => {
  it('while a thread outside holds what it waits for', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const lock = new Lock();
    lock.acquireSync();
    const states: boolean[] = [];
    const subscription = pool.stats$.subscribe(({ starved }) => states.push(starved));
    const all = [1, 2].map(() => pool.run(jobs.blockOnLock, [lock]).then());
    await new Promise((resolve) => setTimeout(resolve, 1800));
    lock.release();
    await Promise.all(all);
    subscription.unsubscribe();
    expect(states).not.toContain(true);
    await pool.close();
  });

  it.each(['Event', 'Semaphore', 'Barrier', 'Condition'])(
    'while all of its jobs wait for what main may end: %s',
    async (kind) => {
      const pool = new ThreadPool({ maxThreads: 1 });
      const warnings: PoolWarning[] = [];
      pool.warnings$.subscribe((warning) => warnings.push(warning));
      const primitives = {
        Event: new Event(),
        Semaphore: new Semaphore(0),
        Barrier: new Barrier(2),
        Condition: new Condition(),
      };
      const begun = new Event();
      const job = pool.run(jobs.waitFor, [kind, primitives, begun]).then((value) => value);
      await begun.wait();
      const behind = pool.run(() => 1).then((value) => value);
      await new Promise((resolve) => setTimeout(resolve, 1600));
      expect(pool.stats).toMatchObject({ busy: 1, queued: 1, starved: false });
      primitives.Event.set();
      primitives.Semaphore.release();
      if (kind === 'Barrier') await primitives.Barrier.wait();
      const held = await primitives.Condition.acquire();
      primitives.Condition.notifyAll();
      primitives.Condition.release();
      void held;
      expect(await Promise.all([job, behind])).toEqual([kind, 1]);
      expect(warnings).toEqual([]);
      await pool.close();
    },
  );

  it('with nobody in line, however long its jobs wait', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const [begun, gate] = [new Event(), new Event()];
    const job = pool.run(jobs.hold, [begun, gate]).then();
    await begun.wait();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(pool.stats.starved).toBe(false);
    gate.set();
    await job;
    await pool.close();
  });
});
