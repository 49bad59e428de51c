import { firstValueFrom, mergeMap, range, type Subscription, toArray } from 'rxjs';
import { Event, enumerate, Thread, ThreadError, ThreadPool, threadModule } from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectGarbage } from '../../support/collect-garbage.js';
import { turns, until } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);
const identity = (n: number): number => n;

describe('the line of a pool of one whose worker is taken', () => {
  let pool: ThreadPool;
  let gate: Event;
  let holder: Promise<unknown>;

  beforeEach(async () => {
    pool = new ThreadPool({ maxThreads: 1, name: 'one', maxQueue: 20_000 });
    gate = new Event();
    const begun = new Event();
    holder = pool.run(jobs.hold, [begun, gate]).then((value) => value);
    await begun.wait();
  });

  afterEach(async () => {
    gate.set();
    await pool.close();
    expect(await holder).toBe('held');
    const { queued, busy, threads } = pool.stats;
    expect({ queued, busy, threads }).toEqual({ queued: 0, busy: 0, threads: 0 });
  });

  it('is served in the order of the subscriptions, runs and Threads alike', async () => {
    const order: number[] = [];
    const note = (n: number) => order.push(n);
    const all = Array.from({ length: 50 }, (_, n) => {
      if (n % 2 === 0) return pool.run(identity, [n]).then(note);
      return new Thread({ target: identity, args: [n], pool }).start().result().then(note);
    });
    expect(pool.stats).toMatchObject({ busy: 1, queued: 50 });
    gate.set();
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(pool.stats).toMatchObject({ completed: 51, failed: 0, cancelled: 0 });
  });

  it('keeps its order when some leave', async () => {
    const order: number[] = [];
    const subscriptions = Array.from({ length: 30 }, (_, n) =>
      pool.run(identity, [n]).subscribe((value) => order.push(value)),
    );
    for (const [n, subscription] of subscriptions.entries()) if (n % 3 !== 1) subscription.unsubscribe();
    expect(pool.stats).toMatchObject({ queued: 10, cancelled: 20 });
    gate.set();
    await until(() => order.length === 10);
    expect(order).toEqual(Array.from({ length: 10 }, (_, n) => 3 * n + 1));
  });

  it('forgets ten thousand that leave at once', async () => {
    const abort = new AbortController();
    const reasons = new Set<unknown>();
    const warned: unknown[] = [];
    const warn = (warning: unknown) => warned.push(warning);
    process.on('warning', warn);
    const held: WeakRef<object>[] = [];
    const wave = (signal?: AbortSignal) =>
      Array.from({ length: 10_000 }, (_, n) => {
        const observer = { next: () => reasons.add('ran'), error: (reason: unknown) => reasons.add(reason) };
        held.push(new WeakRef(observer));
        return pool.run(identity, [n], signal && { signal }).subscribe(observer);
      });
    let subscriptions = wave();
    expect(pool.stats).toMatchObject({ busy: 1, queued: 10_000 });
    // They are no threads yet.
    expect(enumerate()).toHaveLength(2);
    for (const subscription of subscriptions) subscription.unsubscribe();
    expect(pool.stats).toMatchObject({ queued: 0, cancelled: 10_000 });
    wave(abort.signal);
    abort.abort(new Error('enough'));
    expect(pool.stats).toMatchObject({ queued: 0, cancelled: 20_000 });
    expect([...reasons]).toEqual([abort.signal.reason]);
    subscriptions = [];
    await turns(2);
    collectGarbage();
    await turns(2);
    // Nothing of them is held by anybody; a few may still be on the stack.
    expect(held.filter((one) => one.deref() !== undefined).length).toBeLessThan(100);
    process.off('warning', warn);
    expect(warned).toEqual([]);
    gate.set();
    expect(await pool.run(identity, [7])).toBe(7);
  });

  it('keeps a copy of the arguments, and not these', async () => {
    const subscriptions: Subscription[] = [];
    const given = Array.from({ length: 100 }, (_, n) => {
      const arg = { n };
      subscriptions.push(pool.run(({ n }: { n: number }) => n, [arg]).subscribe());
      return new WeakRef(arg);
    });
    await turns(2);
    collectGarbage();
    // A few may still be on the stack.
    expect(given.filter((one) => one.deref() !== undefined).length).toBeLessThan(10);
    for (const subscription of subscriptions) subscription.unsubscribe();
  });

  it('clones the arguments as they are when it is subscribed to', async () => {
    const list = [1, 2];
    const job = pool.run((numbers: number[]) => numbers.join(), [list]);
    list.push(3);
    const joined = job.then((value) => value);
    list.push(4);
    gate.set();
    expect(await joined).toBe('1,2,3');
  });

  it('moves what is in the transferList at once, and into the job', async () => {
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    const job = pool.run((bytes: ArrayBuffer) => [...new Uint8Array(bytes)], [buffer], {
      transferList: [buffer],
    });
    expect(buffer.byteLength).toBe(3);
    const read = job.then((value) => value);
    expect(buffer.byteLength).toBe(0);
    gate.set();
    expect(await read).toEqual([1, 2, 3]);
    await expect(job.then()).rejects.toThrow('has moved to another thread before');
  });

  it('brings primitives as themselves', async () => {
    const event = new Event();
    const job = pool.run((events: Event[]) => events[0]?.set(), [[event]]).then();
    gate.set();
    await job;
    expect(event.isSet()).toBe(true);
  });

  it('refuses an argument that cannot be cloned when it is subscribed to', async () => {
    const job = pool.run((fn: () => void) => fn(), [() => {}], { name: 'mine' });
    await expect(job.then()).rejects.toThrow(
      "cannot start thread 'mine': args[0] is a function, which cannot be cloned",
    );
    expect(pool.stats).toMatchObject({ queued: 0, failed: 0, cancelled: 0 });
  });

  it('leaves a signal no listener of jobs that are over', async () => {
    const abort = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = abort.signal;
    abort.signal.addEventListener = (...args: Parameters<AbortSignal['addEventListener']>) => {
      listeners++;
      addEventListener.apply(abort.signal, args);
    };
    abort.signal.removeEventListener = (...args: Parameters<AbortSignal['addEventListener']>) => {
      listeners--;
      removeEventListener.apply(abort.signal, args);
    };
    const done = [1, 2, 3].map((n) => pool.run(identity, [n], { signal: abort.signal }).then());
    expect(listeners).toBe(1);
    gate.set();
    await Promise.all(done);
    expect(listeners).toBe(0);
  });

  it('lets a queued Thread be terminated: it never began', async () => {
    const thread = new Thread({ target: () => 1, name: 'late', pool }).start();
    await thread.terminate();
    expect(thread.state).toBe('stopped');
    await expect(thread.result().then()).rejects.toMatchObject({
      code: 'ERR_THREAD_DIED',
      message: "thread 'late' died before it began: it was terminated",
    });
    expect(pool.stats).toMatchObject({ queued: 0, cancelled: 1, failed: 0 });
  });

  it('lets a queued Thread be cancelled: it never begins', async () => {
    const thread = new Thread({ target: () => 1, pool }).start();
    const reason = new Error('not wanted');
    thread.cancel(reason);
    gate.set();
    await expect(thread.result().then()).rejects.toThrow('not wanted');
    expect(pool.stats.cancelled).toBe(1);
  });

  it('names the queue that is full, and has room again when one leaves', async () => {
    const small = new ThreadPool({ maxThreads: 1, maxQueue: 2, name: 'small' });
    const begun = new Event();
    const first = small.run(jobs.hold, [begun, gate]).then();
    const queued = [1, 2].map((n) => small.run(identity, [n]).subscribe());
    const refused = small.run(identity, [3], { name: 'third' });
    await expect(refused.then()).rejects.toMatchObject({
      code: 'ERR_POOL',
      message: "small takes no 'third': 2 jobs are queued already, which is its maxQueue",
    });
    expect(() => new Thread({ target: () => 1, name: 'fourth', pool: small }).start()).toThrow(
      /small takes no 'fourth'/,
    );
    queued[0]?.unsubscribe();
    const third = refused.then((value) => value);
    expect(small.stats.queued).toBe(2);
    gate.set();
    expect(await third).toBe(3);
    await first;
    await small.close();
    expect(small.stats).toMatchObject({ completed: 3, cancelled: 1, failed: 0 });
  });
});

describe('a job', () => {
  it('is not accepted when its signal is aborted already', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(pool.run(identity, [1], { signal }).then()).rejects.toThrow('too late');
    expect(pool.stats).toMatchObject({ busy: 0, cancelled: 0 });
    await pool.close();
  });

  it('that runs is asked to stop when its signal is aborted, and when it is unsubscribed from', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    for (const how of ['abort', 'unsubscribe']) {
      const abort = new AbortController();
      const [begun, stopped] = [new Event(), new Event()];
      const heard: unknown[] = [];
      const subscription = pool
        .run(jobs.stoppable, [begun, stopped], { signal: abort.signal })
        .subscribe({ error: (error) => heard.push(error) });
      await begun.wait();
      if (how === 'abort') abort.abort(new Error('enough'));
      else subscription.unsubscribe();
      expect(heard).toEqual(how === 'abort' ? [abort.signal.reason] : []);
      expect(await stopped.wait()).toBe(true);
      await until(() => pool.stats.busy === 0);
    }
    // Asked, not killed: the worker is the same.
    expect(pool.stats).toMatchObject({ threads: 1, cancelled: 2, failed: 0 });
    await pool.close();
  });

  it('that does not stop is killed after its grace, and its worker replaced', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const begun = new Event();
    const subscription = pool.run(jobs.spin, [begun], { grace: 20 }).subscribe();
    await begun.wait();
    const [worker] = pool.piscina.threads;
    const next = pool.run(identity, [5]).then((value) => value);
    subscription.unsubscribe();
    expect(await next).toBe(5);
    expect(pool.piscina.threads).not.toContain(worker);
    expect(pool.stats).toMatchObject({ completed: 1, cancelled: 1, failed: 0 });
    await pool.close();
  });

  it('that is left before its worker has begun with it costs no worker', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    await pool.run(identity, [1]);
    const [worker] = pool.piscina.threads;
    for (let n = 0; n < 100; n++) {
      pool.run(identity, [n]).subscribe().unsubscribe();
      if (n % 10 === 0) await until(() => pool.stats.busy === 0);
    }
    await until(() => pool.stats.busy === 0);
    expect(pool.piscina.threads).toEqual([worker]);
    const { completed, cancelled, failed } = pool.stats;
    expect({ total: completed + cancelled, failed }).toEqual({ total: 101, failed: 0 });
    await pool.close();
  });

  it('has the name it was given, or one after its target', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const name = async (options?: { name: string }) =>
      (await pool.run(jobs.useLocal, [1], options)).name.replace(/\d+/, 'N');
    expect(await name({ name: 'resize' })).toBe('resize');
    expect(await name()).toBe('Thread-N (useLocal)');
    await pool.close();
  });

  it('is cold: one a subscription', async () => {
    const pool = new ThreadPool({ maxThreads: 2 });
    const job = pool.run(identity, [3]);
    expect(pool.stats).toMatchObject({ busy: 0, completed: 0 });
    expect(
      await firstValueFrom(
        range(0, 20).pipe(
          mergeMap(() => job),
          toArray(),
        ),
      ),
    ).toEqual(new Array(20).fill(3));
    expect(pool.stats.completed).toBe(20);
    await pool.close();
  });

  it.each<[string, (pool: ThreadPool) => unknown, RegExp]>([
    ['a target', (pool) => pool.run(5 as never), /target must be a function .*got 5/],
    ['no target', (pool) => pool.run(undefined as never), /target must be a function .*got undefined/],
    ['args', (pool) => pool.run(identity, 5 as never), /args must be an array, got 5/],
    ['options', (pool) => pool.run(identity, [1], null as never), /options must be an object, got null/],
    ['a name', (pool) => pool.run(identity, [1], { name: 5 as never }), /name must be a string, got 5/],
    ['a grace', (pool) => pool.run(identity, [1], { grace: -1 }), /grace must be 0 ms or more, got -1/],
    ['a grace of NaN', (pool) => pool.run(identity, [1], { grace: Number.NaN }), /grace .*got NaN/],
    ['a signal', (pool) => pool.run(identity, [1], { signal: 1 as never }), /signal must be .*got 1/],
    ['a list', (pool) => pool.run(identity, [1], { transferList: 1 as never }), /transferList .*got 1/],
    ['onProgress', (pool) => pool.run(identity, [1], { onProgress: 1 as never }), /onProgress .*got 1/],
  ])('with %s that is none is refused at the call', async (_, run, message) => {
    const pool = new ThreadPool({ maxThreads: 1, minThreads: 0 });
    expect(() => run(pool)).toThrow(message);
    await pool.close();
  });

  it('of a pool that is closed is refused at the call, or where it is subscribed to', async () => {
    const pool = new ThreadPool({ maxThreads: 1, name: 'shut' });
    const early = pool.run(identity, [1]);
    await pool.close();
    expect(() => pool.run(identity, [1])).toThrow(ThreadError);
    expect(() => pool.run(identity, [1], { name: 'x' })).toThrow("shut is closed: it takes no 'x'");
    await expect(early.then()).rejects.toMatchObject({ code: 'ERR_POOL' });
  });
});
