import { lastValueFrom, type Subscription, take, tap, toArray } from 'rxjs';
import {
  Event,
  Lock,
  type RunOptions,
  reportProgress,
  runInThread,
  Thread,
  ThreadError,
  ThreadPool,
  threadModule,
} from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { failed } from '../../support/outcomes.js';

const jobs = threadModule<typeof import('../../fixtures/operators/in-threads.js')>(
  new URL('../../fixtures/operators/in-threads.js', import.meta.url),
);
const ticks = (to: number) => Array.from({ length: to }, (_, index) => ({ done: index + 1 }));

const never = new Event();

describe('progress', () => {
  it('arrives in order before the result of a thread, and ends with it', async () => {
    const thread = new Thread({ target: jobs.ticking, args: [200] });
    const heard = lastValueFrom(thread.progress$.pipe(toArray()));
    const order: string[] = [];
    thread.progress$.subscribe({ complete: () => order.push('complete') });
    thread.start();
    await thread.result();
    order.push('result');
    expect(await heard).toEqual(ticks(200));
    expect(order).toEqual(['complete', 'result']);
  });

  it('comes to each who watches, in order, though one of them blocks until the thread has ended', async () => {
    const thread = new Thread({ target: jobs.ticking, args: [5] });
    const [first, second]: unknown[][] = [[], []];
    const watch = (seen: unknown[] | undefined, told: () => void): void => {
      const next = (value: unknown): void => {
        seen?.push(value);
        told();
      };
      thread.progress$.subscribe({ next, complete: () => seen?.push('complete') });
    };
    watch(first, () => thread.joinSync());
    watch(second, () => {});
    await thread.start().join();
    expect(first).toEqual([...ticks(5), 'complete']);
    expect(second).toEqual(first);
  });

  it('of a job of a pool is told to onProgress, before its result', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const seen: unknown[] = [];
    const onProgress = (value: unknown) => seen.push(value);
    seen.push(await pool.run(jobs.ticking, [3], { onProgress }));
    expect(seen).toEqual([...ticks(3), 3]);
    await pool.close();
  });

  it.each([
    [
      'a job of a pool',
      (pool: ThreadPool, options: RunOptions) => pool.run(jobs.reportAfterCancel, [never], options),
    ],
    [
      'runInThread',
      (pool: ThreadPool, options: RunOptions) =>
        runInThread(jobs.reportAfterCancel, [never], { ...options, pool }),
    ],
  ])('is told no more once %s has been unsubscribed', async (_, run) => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      const onProgress = (value: unknown) => {
        seen.push(value);
        subscription.unsubscribe();
        resolve();
      };
      const subscription: Subscription = run(pool, { onProgress, grace: Infinity }).subscribe();
    });
    await pool.close();
    expect(seen).toEqual([1]);
  });

  it('is told by runInThread too', async () => {
    const seen: unknown[] = [];
    await lastValueFrom(runInThread(jobs.ticking, [2], { onProgress: (value) => seen.push(value) }));
    expect(seen).toEqual(ticks(2));
  });

  it('comes after what the stream emitted before it, and before what it emits later', async () => {
    const seen: unknown[] = [];
    const job = runInThread(jobs.streamingAndTicking, [3], { onProgress: (value) => seen.push(value) });
    await lastValueFrom(job.pipe(tap((value) => seen.push(value))));
    expect(seen).toEqual([0, { done: 0 }, 1, { done: 1 }, 2, { done: 2 }]);
  });

  it.each([true, false])(
    'and so it does where a getter of a value emits and reports, plain: %s',
    async (plain) => {
      const seen: unknown[] = [];
      const job = runInThread(jobs.tickingInGetters, [plain], { onProgress: (value) => seen.push(value) });
      await lastValueFrom(job.pipe(tap((value) => seen.push(value))));
      const each = (n: number) => [{ n }, `first of ${n}`, `one of ${n}`, `second of ${n}`];
      expect(seen).toEqual([...each(1), ...each(2)]);
    },
  );

  it('that cannot be cloned, reported in a getter of a value, fails the stream after that value', async () => {
    const { seen, error } = await failed(runInThread(jobs.badlyTickingInGetter));
    expect(seen).toEqual([{ n: 1 }]);
    expect(error).toMatchObject({
      code: 'ERR_CLONE',
      message: expect.stringMatching(/^progress of thread '.*' cannot be cloned: /),
    });
  });

  it('does not wait for values that nobody reads', async () => {
    const thread = new Thread({ target: jobs.pushingAndTicking, args: [20_000] });
    const heard = lastValueFrom(thread.progress$.pipe(take(1)));
    thread.start();
    expect(await heard).toEqual({ done: 20_000 });
    expect(await lastValueFrom(thread.output$.pipe(toArray()))).toHaveLength(20_000);
  });

  it('brings primitives as themselves', async () => {
    const lock = new Lock();
    const seen: unknown[] = [];
    await lastValueFrom(runInThread(jobs.reportLock, [lock], { onProgress: (value) => seen.push(value) }));
    expect(seen).toEqual([lock]);
  });

  it('that cannot be cloned is an error where it is reported', async () => {
    await expect(lastValueFrom(runInThread(jobs.reportFunction, []))).rejects.toMatchObject({
      code: 'ERR_CLONE',
      message: expect.stringContaining('progress is a function'),
    });
  });

  it('outside any thread is a ThreadError', () => {
    expect(() => reportProgress(1)).toThrow(ThreadError);
  });
});
