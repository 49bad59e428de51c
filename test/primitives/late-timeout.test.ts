// A time that is up while the event loop is blocked: what has come by then counts, as it does for who blocks.
import { lastValueFrom, type Observable, of } from 'rxjs';
import {
  awaitCondition,
  awaitEvent,
  Condition,
  Event,
  Lock,
  RLock,
  Semaphore,
  sleepSync,
  Thread,
  ThreadPool,
  withLock,
} from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

const MS = 10;

/** Runs `code` right before the event loop comes to its timers. */
function beforeTimers<T>(code: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(code());
      } catch (error) {
        reject(error);
      }
    });
  });
}

const releaser = (lock: Lock | Semaphore, go: Event, done: Event) => {
  go.waitSync();
  lock.release();
  done.set();
};

it.each([
  ['Lock', () => new Lock()],
  ['Semaphore', () => new Semaphore(1)],
])('takes a %s that another thread has released meanwhile', async (_, make) => {
  const [lock, go, done] = [make(), new Event(), new Event()];
  lock.acquireSync();
  const thread = new Thread({ target: releaser, args: [lock, go, done] }).start();
  const waited = await beforeTimers(() => {
    const waits = [lock.acquire({ timeout: MS }), lock.acquire({ timeout: MS })];
    const taken = waits.map((wait) => wait.then((value) => value));
    go.set();
    done.waitSync();
    sleepSync(2 * MS);
    return Promise.all(taken);
  });
  expect(waited).toEqual([true, false]);
  expect(lock.waiting).toBe(0);
  await thread.join();
});

it('does not go before who waits for the lock without a timeout', async () => {
  const [lock, go, done] = [new Lock(), new Event(), new Event()];
  lock.acquireSync();
  const thread = new Thread({ target: releaser, args: [lock, go, done] }).start();
  const waited = await beforeTimers(() => {
    const waits = [lock.acquire(), lock.acquire({ timeout: MS })];
    const taken = waits.map((wait) => wait.then((value) => value));
    go.set();
    done.waitSync();
    sleepSync(2 * MS);
    return Promise.all(taken);
  });
  expect(waited).toEqual([true, false]);
  await thread.join();
});

it('finds that a thread has ended, and what it gave', async () => {
  const go = new Event();
  const thread = new Thread({ target: (go: Event) => go.waitSync() && 'given', args: [go] }).start();
  while (thread.state === 'queued') await new Promise(setImmediate);
  const [joined, result] = await beforeTimers(() => {
    const waits = [thread.join({ timeout: MS }), thread.result({ timeout: MS })] as const;
    const both = Promise.all([waits[0].then((value) => value), waits[1].then((value) => value)]);
    go.set();
    while (thread.isAlive()) sleepSync(1);
    sleepSync(2 * MS);
    return both;
  });
  expect(joined).toBe(true);
  expect(result).toBe('given');
});

it('tells of a thread that had ended before it was joined', async () => {
  const thread = new Thread({ target: () => 'given' }).start();
  await thread.join();
  const joined = await beforeTimers(() => {
    const joins = thread.join({ timeout: 0 }).then((value) => value);
    sleepSync(2 * MS);
    return joins;
  });
  expect(joined).toBe(true);
});

it('takes an RLock that its owner has released meanwhile', async () => {
  const lock = new RLock();
  const [go, done] = [new Event(), new Event()];
  const thread = new Thread({
    target: (lock: RLock, go: Event, done: Event) => {
      lock.acquireSync();
      done.set();
      go.waitSync();
      lock.release();
    },
    args: [lock, go, done],
  }).start();
  await done.wait();
  const waited = await beforeTimers(() => {
    const waits = lock.acquire({ timeout: MS }).then((value) => value);
    go.set();
    thread.joinSync();
    sleepSync(2 * MS);
    return waits;
  });
  expect(waited).toBe(true);
  lock.release();
});

it('finds room in a pool whose job has ended', async () => {
  const pool = new ThreadPool({ maxThreads: 1 });
  const [go, done] = [new Event(), new Event()];
  const target = (go: Event, done: Event) => {
    go.waitSync();
    done.set();
  };
  const job = pool.run(target, [go, done]).then(() => 'ended');
  while (pool.stats.queued > 0) await new Promise(setImmediate);
  const room = await beforeTimers(() => {
    const waits = pool.room({ timeout: MS }).then((value) => value);
    go.set();
    done.waitSync();
    sleepSync(4 * MS);
    return waits;
  });
  expect(room).toBe(true);
  expect(await job).toBe('ended');
  await pool.close();
});

/** What another thread does to a Lock, an Event or a Condition that a value waits for. */
const letGo = (lock: Lock, event: Event, condition: Condition, go: Event, done: Event) => {
  go.waitSync();
  lock.release();
  condition.acquireSync();
  event.set();
  condition.notify();
  condition.release();
  done.set();
};

describe('a value whose time is up while the event loop is blocked goes on', () => {
  const waits: Record<string, (lock: Lock, event: Event, condition: Condition) => Observable<number>> = {
    withLock: (lock) => of(1).pipe(withLock(lock, (value) => of(value), { timeout: MS })),
    awaitEvent: (_, event) => of(1).pipe(awaitEvent(event, { timeout: MS })),
    awaitCondition: (_, event, condition) =>
      of(1).pipe(awaitCondition(condition, () => event.isSet(), { timeout: MS })),
  };
  it.each(Object.entries(waits))('in %s', async (_, waitFor) => {
    const [lock, event, condition] = [new Lock(), new Event(), new Condition()];
    const [go, done] = [new Event(), new Event()];
    lock.acquireSync();
    const thread = new Thread({ target: letGo, args: [lock, event, condition, go, done] }).start();
    const value = await beforeTimers(() => {
      const values = lastValueFrom(waitFor(lock, event, condition));
      go.set();
      done.waitSync();
      sleepSync(2 * MS);
      return values;
    });
    expect(value).toBe(1);
    expect([lock.waiting, event.waiting, condition.waiting]).toEqual([0, 0, 0]);
    await thread.join();
  });
});
