// What the teardown of one subscriber throws is nobody else's: RxJS runs it within `complete` and `error`, so it comes out of
// whatever tells of an end.
import { AsyncLocalStorage } from 'node:async_hooks';
import { config, finalize, type Observable } from 'rxjs';
import { Barrier, Condition, Event, Lock, Semaphore, Thread, ThreadPool, Timer } from 'rxjs-threading';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../support/turns.js';

const pool = new ThreadPool({ minThreads: 1, maxThreads: 1 });
afterAll(() => pool.close());

const unheard: unknown[] = [];
beforeEach(() => {
  unheard.length = 0;
  config.onUnhandledError = (error) => unheard.push(error);
});
afterEach(() => {
  config.onUnhandledError = null;
});

/** Subscribes so often; all but the last subscriber have a teardown that throws. Returns whether all were told of an end. */
function jammed(streams: readonly Observable<unknown>[]): () => boolean {
  let ended = 0;
  const end = () => ended++;
  for (const [at, stream] of streams.entries())
    stream
      .pipe(
        finalize(() => {
          if (at < streams.length - 1) throw new Error('jammed');
        }),
      )
      .subscribe({ error: end, complete: end });
  return () => ended === streams.length;
}

async function expectAll(told: () => boolean, jams: number): Promise<void> {
  await until(told);
  await until(() => unheard.length === jams);
  expect(unheard.map(String)).toEqual(Array(jams).fill(expect.stringContaining('jammed')));
}

const shared = (): Record<string, (signal: AbortSignal) => Observable<unknown>[]> => {
  const [lock, semaphore, event, barrier] = [new Lock(), new Semaphore(0), new Event(), new Barrier(5)];
  lock.acquireSync();
  return {
    Lock: (signal) => [lock.acquire({ signal }), lock.hold({ signal }), lock.acquire({ signal })],
    Semaphore: (signal) => [semaphore.acquire({ signal }), semaphore.hold({ signal })],
    Event: (signal) => [event.wait({ signal }), event.wait({ signal })],
    Barrier: (signal) => [barrier.wait({ signal }), barrier.wait({ signal })],
  };
};

it.each(Object.entries(shared()))('a shared signal ends all waits: %s', async (_, make) => {
  const abort = new AbortController();
  const streams = make(abort.signal);
  const told = jammed(streams);
  abort.abort();
  expect(told()).toBe(true);
  await expectAll(told, streams.length - 1);
});

it('a shared signal ends all jobs, joins and results', async () => {
  const abort = new AbortController();
  const { signal } = abort;
  const gate = new Event();
  const wait = (gate: Event) => gate.wait().then(() => 1);
  const thread = new Thread({ target: wait, args: [gate] }).start();
  const told = jammed([
    pool.run(wait, [gate], { signal }),
    pool.run(wait, [gate], { signal }),
    thread.join({ signal }),
    thread.result({ signal }),
  ]);
  await until(() => pool.stats.busy === 1);
  abort.abort();
  expect(told()).toBe(true);
  gate.set();
  await expectAll(told, 3);
  await thread.join();
});

it('set() of an Event throws nothing, and tells all', async () => {
  const event = new Event();
  const told = jammed([event.wait(), event.wait(), event.wait()]);
  event.set();
  expect(told()).toBe(true);
  await expectAll(told, 2);
});

it('those who wait for a lock, a notification or the others are all served', async () => {
  const lock = new Lock();
  const condition = new Condition(lock);
  const barrier = new Barrier(2);
  lock.acquireSync();
  const granted = jammed([lock.acquire(), lock.acquire(), lock.acquire()]);
  const meet = jammed([barrier.wait(), barrier.wait()]);
  for (let turn = 0; turn < 3; turn++) {
    lock.release();
    await until(() => lock.locked());
  }
  expect(granted()).toBe(true);
  const notified = jammed([condition.wait()]);
  lock.acquireSync();
  condition.notify();
  lock.release();
  await expectAll(() => notified() && meet(), 3);
});

it.each(['result', 'output$', 'progress$', 'join'] as const)(
  'all who wait for a thread are told of its end: %s',
  async (what) => {
    const thread = new Thread({ target: () => 1 });
    thread.start();
    const stream = (): Observable<unknown> =>
      what === 'result' ? thread.result() : what === 'join' ? thread.join() : thread[what];
    const told = jammed([stream(), thread.result()]);
    await expectAll(told, 1);
    expect(thread.isAlive()).toBe(false);
  },
);

it('a Timer whose end somebody waits for gives its result', async () => {
  const timer = new Timer(0, () => 1);
  const told = jammed([timer.finished.wait(), timer.start().result()]);
  await expectAll(told, 1);
});

it('is told in the async context of who had subscribed', async () => {
  const who = new AsyncLocalStorage<string>();
  const told: unknown[] = [];
  config.onUnhandledError = () => told.push(who.getStore());
  const event = new Event();
  who.run('subscriber', () => jammed([event.wait(), event.wait()]));
  who.run('setter', () => event.set());
  await until(() => told.length > 0);
  expect(told).toEqual(['subscriber']);
});

it.each([null, undefined])('without onUnhandledError it is uncaught: %s', async (none) => {
  config.onUnhandledError = none as null;
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
  const event = new Event();
  const told = jammed([event.wait(), event.wait()]);
  event.set();
  expect(String(await uncaught)).toContain('jammed');
  for (const listener of listeners) process.on('uncaughtException', listener);
  expect(told()).toBe(true);
});
