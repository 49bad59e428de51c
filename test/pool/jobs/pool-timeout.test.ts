import { MessageChannel } from 'node:worker_threads';
import { firstValueFrom, TimeoutError } from 'rxjs';
import { Event, runInThread, setExcepthook, Thread, ThreadPool, threadModule } from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limitRun } from '../../../src/pool/thread/run-limit.js';
import { sleep } from '../../support/random.js';
import { turns, until } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);

const unheard: unknown[] = [];
beforeEach(() => {
  unheard.length = 0;
  setExcepthook(({ error }) => unheard.push(error));
});
afterEach(() => {
  setExcepthook(null);
  expect(unheard).toEqual([]);
});

describe('the timeout of a job', () => {
  it('counts from when it begins: no time in the line, and none of the start of its worker', async () => {
    const pool = new ThreadPool({ maxThreads: 1, execArgv: ['--import', 'data:text/javascript,await 0'] });
    const took = new Float64Array(new SharedArrayBuffer(5 * 8));
    const late = async (took: Float64Array, n: number): Promise<number> => {
      const began = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 150));
      took[n] = performance.now() - began;
      return n;
    };
    const all = Array.from({ length: 5 }, (_, n) =>
      pool.run(late, [took, n], { timeout: 400, name: `job ${n}` }).then(null, ({ name }) => name),
    );
    const ends = await Promise.all(all);
    await pool.close();
    // On a machine that stands still meanwhile one may take longer.
    expect(ends).toEqual([...took].map((ms, n) => (ms < 400 ? n : 'TimeoutError')));
  });

  it("is RxJS's TimeoutError with its name, and cancels what runs with it", async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const [begun, stopped] = [new Event(), new Event()];
    const [worker] = pool.piscina.threads;
    // So that the module is loaded: a job has begun when its worker loads that.
    await pool.run(jobs.sleepFor, [0]);
    const started = performance.now();
    const error = await pool
      .run(jobs.stoppable, [begun, stopped], { timeout: 100, name: 'slow' })
      .then(null, (reason) => reason);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ name: 'TimeoutError', message: "'slow' ran into its timeout of 100 ms" });
    expect(performance.now() - started).toBeGreaterThanOrEqual(100);
    expect(await stopped.wait()).toBe(true);
    expect(await pool.run(() => 'next')).toBe('next');
    expect(pool.piscina.threads).toEqual([worker]);
    expect(pool.stats).toMatchObject({ completed: 2, cancelled: 1, failed: 0 });
    await pool.close();
  });

  it('kills what does not end after its grace', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const [worker] = pool.piscina.threads;
    // So that the next one is in its body when it is cancelled, and not still loading that.
    await pool.run(jobs.sleepFor, [0]);
    const job = pool.run(jobs.spin, [new Event()], { timeout: 50, grace: 50 });
    await expect(job.then()).rejects.toBeInstanceOf(TimeoutError);
    expect(await pool.run(() => 'next')).toBe('next');
    await until(() => worker !== undefined && !pool.piscina.threads.includes(worker));
    expect(pool.stats).toMatchObject({ completed: 2, cancelled: 1, failed: 0 });
    await pool.close();
  });

  it('hears first of an end in time, where the event loop was blocked', async () => {
    const { port1, port2 } = new MessageChannel();
    const told: string[] = [];
    port1.on('message', () => told.push('end'));
    limitRun({ state: 'running', isAlive: () => told.length === 0 }, 20, () => told.push('too long'));
    port2.postMessage('end');
    for (const end = performance.now() + 30; performance.now() < end; );
    await until(() => told.length > 0);
    await turns(5);
    expect(told).toEqual(['end']);
    port1.close();
  });

  it('leaves no timer behind when it is left', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    await pool.run(() => 1);
    pool.run(jobs.stoppable, [new Event(), new Event()], { timeout: 50 }).subscribe().unsubscribe();
    await sleep(100);
    await until(() => pool.stats.busy === 0);
    expect(pool.stats).toMatchObject({ completed: 1, cancelled: 1, failed: 0 });
    await pool.close();
  });

  it('is that of runInThread too, in a pool or not', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    for (const where of [{}, { pool }]) {
      const never = runInThread(() => new Promise(() => {}), [], { timeout: 60, name: 'slow', ...where });
      const error = await firstValueFrom(never).then(null, (reason) => reason);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error.message).toBe("'slow' ran into its timeout of 60 ms");
      expect(await firstValueFrom(runInThread(() => 5, [], { timeout: 5000, ...where }))).toBe(5);
    }
    await pool.close();
  });
});

describe('an option that is not known', () => {
  it.each<[string, (pool: ThreadPool) => unknown, RegExp]>([
    [
      'of run',
      (pool) => pool.run(() => 1, [], { timeOut: 5 } as object),
      /there is no option timeOut: signal, name, .* are known, got \{ timeOut: 5 \}/,
    ],
    ['of runInThread', (pool) => runInThread(() => 1, [], { pool, graze: 1 } as object), /no option graze/],
    ['of a ThreadPool', () => new ThreadPool({ maxThread: 4 } as object), /no option maxThread: name, .*got/],
    ['a timeout that is none', (pool) => pool.run(() => 1, [], { timeout: -1 }), /timeout must be .*got -1/],
    ['a text', (pool) => pool.run(() => 1, [], { timeout: '1' as never }), /timeout must be a number of ms/],
  ])('%s is refused at the call', async (_, call, message) => {
    const pool = new ThreadPool({ maxThreads: 1, minThreads: 0 });
    expect(() => call(pool)).toThrow(message);
    await pool.close();
  });
});

describe('joinSync of a job in the thread that its pool belongs to', () => {
  it('is an error where it could never end, and gives up after a timeout', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const gate = new Event();
    const first = pool.run(jobs.hold, [new Event(), gate]).then();
    const queued = new Thread({ target: () => 1, name: 'queued', pool }).start();
    expect(() => queued.joinSync()).toThrow(
      "joinSync of thread 'queued' cannot end: it is queued in a pool of this thread",
    );
    expect(queued.joinSync({ timeout: 20 })).toBe(false);
    gate.set();
    await first;
    await queued.join();
    expect(queued.joinSync()).toBe(true);
    await until(() => pool.stats.busy === 0);
    // One that a worker has ends without this thread.
    expect(new Thread({ target: () => 1, pool }).start().joinSync()).toBe(true);
    await pool.close();
  });
});
