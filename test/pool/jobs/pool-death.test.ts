import { existsSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import {
  Event,
  excepthook$,
  Lock,
  OwnerDiedError,
  setExcepthook,
  Thread,
  type ThreadError,
  ThreadPool,
  threadModule,
} from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);
const identity = (n: number): number => n;

describe('a job that loses its worker', () => {
  const unheard: unknown[] = [];

  beforeEach(() => {
    unheard.length = 0;
    setExcepthook(({ error }) => unheard.push(error));
  });
  afterEach(() => setExcepthook(null));

  it.each<[string, () => unknown, object]>([
    [
      'by process.exit',
      () => process.exit(3),
      { code: 'ERR_THREAD_DIED', message: "thread 'victim' died: process.exit(3) was called in it" },
    ],
    [
      'by an uncaught error',
      () => {
        setTimeout(() => {
          throw new RangeError('uncaught');
        });
        return new Promise(() => {});
      },
      { message: "thread 'victim' died: RangeError: uncaught", cause: { name: 'RangeError' } },
    ],
    [
      'by a rejection that nobody handles',
      () => {
        void Promise.reject(new Error('unhandled'));
        return new Promise(() => {});
      },
      { code: 'ERR_THREAD_DIED', cause: { message: 'unhandled' } },
    ],
  ])('%s fails alone, while others run and wait', async (_, target, error) => {
    const pool = new ThreadPool({ maxThreads: 2, minThreads: 0 });
    const [begun, gate] = [new Event(), new Event()];
    const beside = pool.run(jobs.hold, [begun, gate]).then((value) => value);
    await begun.wait();
    const victim = pool.run(target, [], { name: 'victim' }).then();
    const behind = [1, 2, 3].map((n) => pool.run(identity, [n]).then((value) => value));
    await expect(victim).rejects.toMatchObject(error);
    expect(await Promise.all(behind)).toEqual([1, 2, 3]);
    gate.set();
    expect(await beside).toBe('held');
    expect(pool.stats).toMatchObject({ completed: 4, failed: 1, cancelled: 0, queued: 0 });
    await pool.close();
    expect(unheard).toEqual([]);
  });

  it('by using up its memory fails alone', async () => {
    const pool = new ThreadPool({
      maxThreads: 1,
      resourceLimits: { maxOldGenerationSizeMb: 20, maxYoungGenerationSizeMb: 4 },
    });
    const hog = pool.run(jobs.allocateForEver).then();
    const behind = pool.run(identity, [1]).then((value) => value);
    await expect(hog).rejects.toMatchObject({ cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' } });
    expect(await behind).toBe(1);
    expect(pool.stats).toMatchObject({ completed: 1, failed: 1 });
    await pool.close();
  });

  it('is told of, when nobody listens, as any thread is', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    new Thread({ target: () => process.exit(1), name: 'alone', pool }).start();
    await until(() => unheard.length === 1);
    expect(unheard[0]).toMatchObject({ message: /thread 'alone' died/ });
    await pool.close();
  });

  it('one after the other, on a pool that keeps no worker, loses no job', async () => {
    const pool = new ThreadPool({ maxThreads: 2, minThreads: 0 });
    const all = Array.from({ length: 12 }, (_, n) =>
      pool
        .run(jobs.storm, [n % 2 === 0 ? 'exit' : 'quiet', 0])
        .then(null, (error) => (error as ThreadError).code),
    );
    const ends = await Promise.all(all);
    expect(ends).toEqual(Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? 'ERR_THREAD_DIED' : 'quiet')));
    expect(pool.stats).toMatchObject({ completed: 6, failed: 6 });
    await pool.close();
  });
});

describe('terminate of a job', () => {
  it('resolves when its worker is gone: what it held is told, what it wrote stays', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const lock = new Lock();
    const beats = new Int32Array(new SharedArrayBuffer(4));
    const begun = new Event();
    const thread = new Thread({
      target: (lock: Lock, beats: Int32Array, begun: Event) => {
        lock.acquireSync();
        begun.set();
        for (;;) beats[0]!++;
      },
      args: [lock, beats, begun],
      pool,
    }).start();
    await begun.wait();
    const [worker] = pool.piscina.threads as readonly Worker[];
    let exited = false;
    worker?.once('exit', () => {
      exited = true;
    });
    await thread.terminate();
    expect(exited).toBe(true);
    expect(thread.isAlive()).toBe(false);
    const last = beats[0];
    await expect(lock.acquire().then()).rejects.toBeInstanceOf(OwnerDiedError);
    expect(beats[0]).toBe(last);
    await expect(thread.result().then()).rejects.toThrow(/it was terminated/);
    expect(await pool.run(identity, [1])).toBe(1);
    expect(pool.stats).toMatchObject({ completed: 1, cancelled: 1, failed: 0 });
    await pool.close();
  });

  it('ends it where this thread has not heard yet that the job before it is over', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    expect(await pool.run(identity, [0])).toBe(0);
    const first = new Thread({ target: identity, args: [1], pool }).start();
    const thread = new Thread({ target: jobs.spin, args: [new Event()], pool }).start();
    await null;
    while (thread.state === 'queued');
    await thread.terminate();
    expect(thread.isAlive()).toBe(false);
    expect(await first.result()).toBe(1);
    await expect(thread.result().then()).rejects.toThrow(/it was terminated/);
    await pool.close();
  });

  it('is alive until its worker is gone', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const begun = new Event();
    const thread = new Thread({ target: jobs.spin, args: [begun], pool }).start();
    await begun.wait();
    const { nativeId } = thread;
    const gone = thread.terminate();
    // Where the kernel tells of threads, one is known to be gone before the event of its end comes.
    expect(thread.isAlive() || !existsSync(`/proc/self/task/${nativeId}`)).toBe(true);
    const next = pool.run(identity, [2]).then((value) => value);
    // Its place is not given to another before.
    expect(pool.stats).toMatchObject({ busy: 1, queued: 1 });
    await gone;
    expect(thread.isAlive()).toBe(false);
    expect(await next).toBe(2);
    await expect(thread.join().then()).resolves.toBe(true);
    await pool.close();
  });
});

describe('a job whose worker does not come up', () => {
  it.each([0, 1])('fails with what kept it, and so do those behind it: %i kept', async (minThreads) => {
    const told: unknown[] = [];
    const subscription = excepthook$.subscribe((args) => told.push(args));
    const pool = new ThreadPool({
      maxThreads: 1,
      minThreads,
      execArgv: ['--import', 'data:text/javascript,throw new Error("no preload")'],
    });
    const ends = await Promise.all(
      [1, 2, 3].map((n) =>
        pool.run(identity, [n], { name: `job ${n}` }).then(null, (error) => (error as Error).message),
      ),
    );
    for (const [n, end] of ends.entries())
      expect(end).toMatch(new RegExp(`^thread 'job ${n + 1}' died.*no preload`));
    expect(pool.stats).toMatchObject({ failed: 3, completed: 0, queued: 0 });
    await pool.close();
    subscription.unsubscribe();
    expect(told).toEqual([]);
  });
});

describe('a job that ends badly without harm to its worker', () => {
  it.each<[string, object, RegExp]>([
    ['a module that is missing', { module: 'file:///nowhere/jobs.js', export: 'x' }, /cannot load module/],
    ['an export that is missing', { module: jobs.hold.module, export: 'none' }, /has no export 'none'/],
  ])('of %s', async (_, target, message) => {
    const pool = new ThreadPool({ maxThreads: 1 });
    await pool.run(identity, [1]);
    const [worker] = pool.piscina.threads;
    await expect(pool.run(target as never).then()).rejects.toThrow(message);
    expect(await pool.run(identity, [2])).toBe(2);
    expect(pool.piscina.threads).toEqual([worker]);
    expect(pool.stats).toMatchObject({ completed: 2, failed: 1 });
    await pool.close();
  });

  it('of a result that cannot be cloned', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const job = pool.run(() => ({ list: [() => 1] }), [], { name: 'bad' });
    await expect(job.then()).rejects.toMatchObject({
      code: 'ERR_CLONE',
      message: "result of thread 'bad' cannot be cloned: result.list[0] is a function",
    });
    expect(await pool.run(identity, [2])).toBe(2);
    await pool.close();
  });

  it('of arguments in which the pool is', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const job = pool.run((other: object) => typeof other, [{ deep: [pool] }] as never);
    await expect(job.then()).rejects.toThrow(/a ThreadPool cannot be sent to a thread/);
    await pool.close();
  });
});
