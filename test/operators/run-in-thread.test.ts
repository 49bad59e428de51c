import {
  config,
  filter,
  finalize,
  firstValueFrom,
  lastValueFrom,
  mergeMap,
  range,
  take,
  tap,
  toArray,
} from 'rxjs';
import {
  activeCount$,
  Event,
  enumerate,
  runInThread,
  Semaphore,
  ThreadPool,
  threadModule,
} from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

const jobs = threadModule<typeof import('../fixtures/operators/in-threads.js')>(
  new URL('../fixtures/operators/in-threads.js', import.meta.url),
);
const alone = () => firstValueFrom(activeCount$.pipe(filter((count) => count === 1)));

describe('runInThread', () => {
  it('starts a thread a subscription, and emits what it returns', async () => {
    const before = enumerate().length;
    const job = runInThread(jobs.double, [21]);
    expect(enumerate().length).toBe(before);
    expect(await lastValueFrom(job.pipe(toArray()))).toEqual([42]);
    expect(await lastValueFrom(job)).toBe(42);
  });

  it('emits a value while its thread works on the next, which never lets its loop turn', async () => {
    const seen = new Event();
    const target = function* (seen: Event) {
      yield 'first';
      yield seen.waitSync({ timeout: 10_000 }) ? 'second' : 'too late';
    };
    const values = runInThread(target, [seen]).pipe(
      tap(() => seen.set()),
      toArray(),
    );
    expect(await lastValueFrom(values)).toEqual(['first', 'second']);
  });

  it('emits what the target streams, and completes with it', async () => {
    expect(await lastValueFrom(runInThread(jobs.countTo, [5]).pipe(toArray()))).toEqual([0, 1, 2, 3, 4]);
  });

  it("has the target's error as its own", async () => {
    const error = await lastValueFrom(runInThread(jobs.failAtFive, [5])).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({
      name: 'SpecialError',
      message: 'no 5',
      code: 42,
      cause: { message: 'deep' },
    });
  });

  it('cuts an endless synchronous stream, and its thread ends', async () => {
    expect(await lastValueFrom(runInThread(jobs.endless, []).pipe(take(3), toArray()))).toEqual([0, 1, 2]);
    await alone();
  });

  it('shares a signal with any number of others, and Node warns of nothing', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    const pool = new ThreadPool({ maxThreads: 1 });
    const { signal } = new AbortController();
    const runs = range(0, 30).pipe(
      mergeMap((value) => runInThread(jobs.double, [value], { pool, signal })),
      toArray(),
    );
    expect(await lastValueFrom(runs)).toHaveLength(30);
    await pool.close();
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });

  it('cancels what runs when it is left', async () => {
    const started = new Semaphore(0);
    const stopped = new Event();
    const subscription = runInThread(jobs.spinUntilCancelled, [{ started, stopped }]).subscribe();
    await started.acquire();
    subscription.unsubscribe();
    expect(await stopped.wait({ timeout: 5000 })).toBe(true);
    await alone();
  });

  it('kills, after the grace, what does not end', async () => {
    const started = new Semaphore(0);
    const subscription = runInThread(jobs.spinForEver, [started], { grace: 20 }).subscribe();
    await started.acquire();
    const time = performance.now();
    subscription.unsubscribe();
    await alone();
    expect(performance.now() - time).toBeGreaterThanOrEqual(19);
  });

  it('drops, left early, what is still queued', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const started = new Semaphore(0);
    const gate = new Event();
    const first = lastValueFrom(runInThread(jobs.holdWorker, [{ started, gate }], { pool }));
    await started.acquire();
    const ran = new Semaphore(0);
    const second = runInThread(jobs.holdWorker, [{ started: ran, gate }], { pool }).subscribe();
    expect(pool.stats.queued).toBe(1);
    second.unsubscribe();
    gate.set();
    await first;
    await pool.close();
    expect(ran.value).toBe(0);
    expect(pool.stats).toMatchObject({ completed: 1, failed: 0 });
  });

  it('moves what is in the transferList', async () => {
    const buffer = new ArrayBuffer(8);
    const size = runInThread((moved: ArrayBuffer) => moved.byteLength, [buffer], { transferList: [buffer] });
    expect(await lastValueFrom(size)).toBe(8);
    expect(buffer.byteLength).toBe(0);
  });

  it('errors with the reason of its signal', async () => {
    const abort = new AbortController();
    const started = new Semaphore(0);
    const job = lastValueFrom(
      runInThread(jobs.spinForEver, [started], { signal: abort.signal, grace: 0 }),
    ).catch((error) => error);
    await started.acquire();
    abort.abort('enough');
    expect(await job).toBe('enough');
    await alone();
  });

  it('errors when the pool is closed', async () => {
    const pool = new ThreadPool({ maxThreads: 1, name: 'shut' });
    await pool.close();
    const error = await lastValueFrom(runInThread(jobs.double, [1], { pool })).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'ThreadError', code: 'ERR_POOL' });
  });

  it('sends nothing to who leaves before a worker has begun', async () => {
    const stopped: unknown[] = [];
    config.onStoppedNotification = (notification) => stopped.push(notification);
    const pool = new ThreadPool({ maxThreads: 1 });
    const started = new Semaphore(0);
    const running = runInThread(jobs.spinForEver, [started], { pool, grace: 0 }).subscribe();
    await started.acquire();
    const starting = [{}, { pool }, { signal: new AbortController().signal }];
    const left = [...starting, ...starting].map((options) =>
      runInThread(jobs.double, [1], options).subscribe(),
    );
    for (const at of left.splice(0, 3)) at.unsubscribe();
    await new Promise((resolve) => setImmediate(resolve));
    for (const later of [...left, running]) later.unsubscribe();
    await alone();
    await pool.close();
    // RxJS tells of them in a timer.
    await new Promise((resolve) => setTimeout(resolve));
    config.onStoppedNotification = null;
    expect(stopped).toEqual([]);
  });

  it('tells of its timeout, and of what a teardown throws then, as RxJS tells', async () => {
    const unheard: unknown[] = [];
    config.onUnhandledError = (error) => unheard.push(error);
    const told = new Promise((resolve) => {
      const torn = finalize(() => {
        throw new Error('torn');
      });
      const job = runInThread((gate: Event) => gate.waitSync(), [new Event()], { timeout: 100 });
      job.pipe(torn).subscribe({ error: resolve });
    });
    expect(await told).toMatchObject({ name: 'TimeoutError' });
    await alone();
    config.onUnhandledError = null;
    expect(unheard.map(String)).toEqual([expect.stringContaining('torn')]);
  });

  it.each<[unknown, object, RegExp]>([
    [5, {}, /target must be a function or .*got 5/],
    [() => 1, { pool: {} }, /pool must be a ThreadPool/],
    [() => 1, { grace: -1 }, /grace must be 0 ms or more, got -1/],
    [() => 1, { onProgress: 1 }, /onProgress must be a function, got 1/],
    [() => 1, { signal: 1 }, /signal must be an AbortSignal/],
  ])('refuses %o with %o', (target, options, message) => {
    expect(() => runInThread(target as () => void, [], options)).toThrow(message);
  });
});
