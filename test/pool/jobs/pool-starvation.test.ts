import { Event, Lock, type PoolWarning, Thread, ThreadPool, threadModule } from 'rxjs-threading';
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

  it('when its one job waits for another of its jobs, and goes on when there is help', async () => {
    open(1);
    const [begun, done] = [new Event(), new Event({ name: 'done' })];
    const outer = pool.run(jobs.hold, [begun, done], { name: 'outer' }).then();
    await begun.wait();
    // What the first job waits for is queued behind it.
    const inner = pool.run((done: Event) => done.set(), [done]).then();
    await until(() => warnings.length > 0);
    expect(pool.stats).toMatchObject({ starved: true, busy: 1, queued: 1 });
    expect(warnings).toMatchObject([
      {
        pool: 'small',
        queued: 1,
        message:
          "small starves: its only worker waits, while 1 job that may end it is queued behind: 'outer' waits for 'done'",
        waits: [{ name: 'done', owner: null, blocking: true }],
      },
    ]);
    await new Thread({ target: (done: Event) => done.set(), args: [done] }).start().join();
    await Promise.all([outer, inner]);
    expect(pool.stats.starved).toBe(false);
  });

  it('and tells who waits for what that is held by whom', async () => {
    open(2);
    const lock = new Lock({ name: 'books' });
    const [begun, gate] = [new Event(), new Event({ name: 'gate' })];
    const holder = pool
      .run(
        (lock: Lock, begun: Event, gate: Event) => {
          lock.acquireSync();
          begun.set();
          gate.waitSync();
          lock.release();
        },
        [lock, begun, gate],
        { name: 'holder' },
      )
      .then();
    await begun.wait();
    const blocked = pool.run(jobs.blockOnLock, [lock], { name: 'blocked' }).then();
    const freeing = [1, 2].map(() => pool.run((gate: Event) => gate.set(), [gate]).then());
    await until(() => warnings.length > 0);
    expect(warnings[0]?.message).toBe(
      'small starves: all of its 2 workers wait, while 2 jobs that may end it are queued behind: ' +
        "'holder' waits for 'gate', 'blocked' waits for 'books', which 'holder' holds",
    );
    gate.set();
    await Promise.all([holder, blocked, ...freeing]);
    expect(warnings).toHaveLength(1);
  });

  it('when what helps is itself stuck in what is queued', async () => {
    open(1);
    const gate = new Event({ name: 'gate' });
    const outer = pool.run(jobs.joinOneThatWaits, [gate], { name: 'outer' }).then();
    const freeing = pool.run((gate: Event) => gate.set(), [gate]).then();
    await until(() => warnings.length > 0);
    expect(warnings[0]?.message).toMatch(/'outer' waits for 'helper', which 'helper' holds$/);
    gate.set();
    await Promise.all([outer, freeing]);
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
