import { Event, Lock, OwnerDiedError, RLock, setExcepthook, ThreadPool, threadModule } from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);

describe('what a job leaves behind in its worker', () => {
  let pool: ThreadPool;
  const unheard: unknown[] = [];

  beforeEach(() => {
    unheard.length = 0;
    setExcepthook(({ error }) => unheard.push(error));
    pool = new ThreadPool({ maxThreads: 1 });
  });
  afterEach(async () => {
    await pool.close();
    setExcepthook(null);
  });

  it('keeps the next job from its worker, and crashes nobody else', async () => {
    await pool.run(jobs.leaveTimer, [100, 'crash']);
    expect(pool.stats).toMatchObject({ completed: 1, busy: 1 });
    // It would still run when that timer throws.
    await pool.run(jobs.sleepFor, [200]);
    expect(pool.stats).toMatchObject({ completed: 2, failed: 0, cancelled: 0 });
    expect(unheard).toMatchObject([{ message: 'left behind' }]);
  });

  it('does not enter an RLock that the next job holds', async () => {
    const lock = new RLock();
    const [entered, begun] = [new Event(), new Event()];
    await pool.run(jobs.leaveTimer, [100, 'reenter', lock, entered]);
    await pool.run(jobs.holdRLock, [lock, begun, 100]);
    expect(entered.isSet()).toBe(true);
    expect(begun.isSet()).toBe(true);
    expect(lock.count).toBe(0);
  });

  it('is granted nothing any more of what it waited for', async () => {
    const lock = new Lock();
    const granted = new Event();
    lock.acquireSync();
    await pool.run(jobs.leaveWait, [lock, granted]);
    await until(() => lock.waiting === 0);
    const next = pool.run(jobs.sleepFor, [50]).then();
    lock.release();
    await next;
    expect(granted.isSet()).toBe(false);
    expect(lock.locked()).toBe(false);
  });

  it('is its death for an RLock, and leaves a Lock locked', async () => {
    const [lock, plain] = [new RLock(), new Lock()];
    await pool.run(
      (lock: RLock, plain: Lock) => {
        lock.acquireSync();
        plain.acquireSync();
      },
      [lock, plain],
    );
    await expect(lock.acquire().then()).rejects.toBeInstanceOf(OwnerDiedError);
    expect(plain.locked()).toBe(true);
    plain.release();
  });

  it('is run to its end when that comes soon', async () => {
    const done = new Event();
    await pool.run(jobs.leaveTimer, [150, 'set', done]);
    await pool.run(() => {});
    expect(done.isSet()).toBe(true);
  });

  it('counts as there to stay after a second, for all jobs to come', async () => {
    await pool.run(jobs.leaveInterval);
    for (let n = 0; n < 50; n++) expect(await pool.run((m: number) => m, [n])).toBe(n);
    expect(pool.stats).toMatchObject({ completed: 51, threads: 1 });
    // One second for them all, not for each.
    expect(pool.stats.waitTime.max).toBeGreaterThan(900);
    expect(pool.stats.waitTime.p50).toBeLessThan(900);
  });

  it('holds nobody up where another worker is free', async () => {
    const two = new ThreadPool({ maxThreads: 2 });
    const done = new Event();
    await Promise.all([1, 2].map(() => two.run(jobs.sleepFor, [50]).then()));
    await two.run(jobs.leaveTimer, [900, 'set', done]);
    await two.run(() => {});
    expect(done.isSet()).toBe(false);
    await two.close();
    // What was accepted is finished, this too.
    expect(done.isSet()).toBe(true);
  });

  it('may be a thread that never ends', async () => {
    await pool.run(jobs.leaveThread);
    expect(await pool.run(() => 'next')).toBe('next');
  });
});
