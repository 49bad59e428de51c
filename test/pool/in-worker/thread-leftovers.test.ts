import {
  Barrier,
  Condition,
  Event,
  Lock,
  OwnerDiedError,
  RLock,
  setExcepthook,
  Thread,
  ThreadPool,
} from 'rxjs-threading';
import { afterEach, describe, expect, it } from 'vitest';
import { sleep } from '../../support/random.js';
import { until } from '../../support/turns.js';

afterEach(() => setExcepthook(null));

describe('what a target leaves behind in its worker', () => {
  it('holds an RLock like anybody: it excludes others, and is not taken for dead', async () => {
    const lock = new RLock();
    const inside = new Event();
    const go = new Event();
    const target = (lock: RLock, inside: Event, go: Event): void => {
      setTimeout(async () => {
        await lock.acquire();
        inside.set();
        await go.wait();
        lock.release();
      }, 20);
    };
    await new Thread({ target, args: [lock, inside, go] }).start().join();
    await inside.wait();
    expect(await lock.acquire({ timeout: 150 })).toBe(false);
    go.set();
    expect(await lock.acquire()).toBe(true);
    lock.release();
  });

  it('passes a barrier with an index of the round', async () => {
    const barrier = new Barrier(2);
    const indices = new Event();
    const target = (barrier: Barrier, ready: Event): void => {
      setTimeout(() => barrier.wait().subscribe((index) => index === 0 && ready.set()), 20);
    };
    await new Thread({ target, args: [barrier, indices] }).start().join();
    await until(() => barrier.nWaiting === 1);
    // Whoever looks for dead ones has looked by then.
    await sleep(250);
    expect(barrier.nWaiting).toBe(1);
    expect(await barrier.wait()).toBe(1);
    expect(await indices.wait({ timeout: 5000 })).toBe(true);
  });

  it('is not woken from a condition that nobody notified', async () => {
    const condition = new Condition(new Lock());
    const woken = new Event();
    const target = (condition: Condition, woken: Event): void => {
      setTimeout(async () => {
        await condition.acquire();
        if (await condition.wait({ timeout: 400 })) woken.set();
        condition.release();
      }, 20);
    };
    await new Thread({ target, args: [condition, woken] }).start().join();
    expect(await woken.wait({ timeout: 600 })).toBe(false);
  });

  it.each(['ends', 'is killed'])('passes on what it was notified of as its thread %s', async (how) => {
    const condition = new Condition(new Lock());
    const [waiting, go] = [new Event(), new Event()];
    const target = (condition: Condition, waiting: Event, go: Event): void => {
      condition.acquireSync();
      condition.wait().subscribe(() => condition.release());
      waiting.set();
      // It hears of no notification until it ends.
      go.waitSync();
    };
    const thread = new Thread({ target, args: [condition, waiting, go] }).start();
    await waiting.wait();
    await condition.acquire();
    const next = condition.wait().then((notified) => notified);
    await condition.acquire();
    condition.notify(1);
    expect(condition.waiting).toBe(1);
    if (how === 'ends') go.set();
    else await thread.terminate();
    await thread.join();
    condition.release();
    expect(await next).toBe(true);
    expect(condition.waiting).toBe(0);
  });

  it('is the death of a Lock that it holds when it crashes', async () => {
    setExcepthook(() => {});
    const lock = new Lock();
    const inside = new Event();
    const target = (lock: Lock, inside: Event): void => {
      setTimeout(() => {
        lock.acquireSync();
        inside.set();
        setTimeout(() => {
          throw new Error('crash');
        }, 50);
      }, 20);
    };
    await new Thread({ target, args: [lock, inside] }).start().join();
    await inside.wait();
    await expect(lock.acquire({ timeout: 5000 })).rejects.toBeInstanceOf(OwnerDiedError);
  });

  it('does not share its worker with the next thread while a file is being read', async () => {
    setExcepthook(() => {});
    const left = new Thread({
      name: 'A',
      target: () => {
        const fs = process.getBuiltinModule('node:fs/promises');
        void (async () => {
          for (let time = 0; time < 200; time++) await fs.stat('/');
          await fs.readFile('/there is no such file');
        })();
      },
    });
    await left.start().result();
    const next = new Thread({
      target: () => new Promise((resolve) => setTimeout(() => resolve('fine'), 500)),
    });
    expect(await next.start().result()).toBe('fine');
  });
});

describe('a watcher that a target leaves behind', () => {
  const watch = (lock: Lock, told: Int32Array): void => {
    lock.locked$.subscribe(() => Atomics.add(told, 0, 1));
  };
  /** How often the one left behind has been told, once a watcher that came after it has been. */
  const watchAfter = async (lock: Lock, told: Int32Array, watching: Event): Promise<number> => {
    await new Promise<void>((resolve) => {
      lock.locked$.subscribe((locked) => locked && resolve());
      watching.set();
    });
    return Atomics.load(told, 0);
  };

  it('is told no more once its worker runs another thread', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const lock = new Lock();
    const told = new Int32Array(new SharedArrayBuffer(4));
    const watching = new Event();
    await pool.run(watch, [lock, told]);
    const later = pool.run(watchAfter, [lock, told, watching]).then((found) => found);
    await watching.wait();
    lock.acquireSync();
    expect(await later).toBe(1);
    await pool.close();
  });
});
