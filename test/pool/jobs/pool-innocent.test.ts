import {
  activeCount,
  Event,
  setExcepthook,
  Thread,
  type ThreadError,
  ThreadPool,
  threadModule,
} from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const targets = threadModule<typeof import('../../fixtures/sent-ahead.js')>(
  new URL('../../fixtures/sent-ahead.js', import.meta.url),
);
const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);
const identity = <T>(value: T): T => value;
const leaveEndlessPromise = (): string => {
  void Promise.resolve().then(() => {
    for (;;);
  });
  return 'returned';
};
/** The same to others, without taking the processor from them. */
const leaveBlocked = (): string => {
  void Promise.resolve().then(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  return 'returned';
};
const unheard: { code?: string }[] = [];
beforeEach(() => {
  unheard.length = 0;
  setExcepthook(({ error }) => unheard.push(error as ThreadError));
});
afterEach(() => setExcepthook(null));

describe('a job that has not begun is run elsewhere, whatever its arguments are', () => {
  it('when a rejection that the job before has left ends the worker', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    for (let n = 0; n < 4; n++) {
      expect(await pool.run(targets.leaveRejection)).toBe('returned');
      expect(await pool.run(identity<Date>, [new Date(n)])).toEqual(new Date(n));
    }
    expect(pool.stats).toMatchObject({ completed: 8, failed: 0 });
  });

  it('when its idle worker, or one that is starting, is ended', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    for (let n = 0; n < 4; n++) {
      void pool.piscina.threads[0]?.terminate();
      const value = pool.run(identity<Date>, [new Date(n)]).then((date) => date);
      if (n % 2 === 0) void pool.piscina.threads[0]?.terminate();
      expect(await value).toEqual(new Date(n));
    }
    expect(pool.stats).toMatchObject({ completed: 4, failed: 0 });
  });

  it('as a Thread, too', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    expect(await pool.run(targets.leaveRejection)).toBe('returned');
    const thread = new Thread({ pool, target: identity<Map<string, number>>, args: [new Map([['a', 1]])] });
    expect(await thread.start().result()).toEqual(new Map([['a', 1]]));
  });
});

describe('a worker that endless promises of a job block', () => {
  it.each([
    [1, leaveEndlessPromise],
    [2, leaveBlocked],
  ])(
    'is killed, and the next job run elsewhere: %i workers',
    async (count, leave) => {
      await using pool = new ThreadPool({ minThreads: count, maxThreads: count });
      expect(await pool.run(leave)).toBe('returned');
      expect(await pool.run(identity<number>, [2])).toBe(2);
      expect(unheard.map(({ code }) => code)).toEqual(['ERR_THREAD_DIED']);
    },
    15_000,
  );

  it('is killed, and the Thread that it was given to told', async () => {
    expect(await new Thread({ target: leaveBlocked }).start().result()).toBe('returned');
    const next = new Thread({ target: identity<number>, args: [2] }).start();
    await expect(next.result().then(() => {})).rejects.toMatchObject({ code: 'ERR_THREAD_DIED' });
    expect(unheard.map(({ code }) => code)).toEqual(['ERR_THREAD_DIED']);
  }, 15_000);
});

describe('a worker whose job stops within its grace', () => {
  it('is not killed because nobody heard of that in time, as this thread was busy', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const worker = await pool.run(targets.workerHere);
    const [begun, stopped] = [new Event(), new Event()];
    const job = pool.run(jobs.stoppable, [begun, stopped], { grace: 50 }).subscribe();
    await begun.wait();
    // In a timer: those that are due by its end come before any message.
    await new Promise((resolve) => setTimeout(resolve, 1));
    const before = activeCount();
    job.unsubscribe();
    const asked = performance.now();
    while (activeCount() === before || performance.now() - asked < 60);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await pool.run(targets.workerHere)).toBe(worker);
  });
});
