import { of, Subject, takeUntil } from 'rxjs';
import { Condition, Event, Lock, RLock, ThreadError, withLock } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { turns, until } from '../support/turns.js';

/** One of several pipelines of this thread that wait, each in a critical section of its own. */
async function waiter(
  condition: Condition,
  options: { timeout?: number; signal?: AbortSignal } = {},
): Promise<boolean> {
  using _held = await condition.hold();
  return await condition.wait(options);
}

async function notify(condition: Condition, n?: number): Promise<void> {
  using _held = await condition.hold();
  condition.notify(n);
}

it('has an RLock of its own, or the lock it is given', () => {
  expect(new Condition().lock).toBeInstanceOf(RLock);
  const lock = new Lock();
  expect(new Condition(lock).lock).toBe(lock);
  for (const wrong of [null, 7, {}, new Event()])
    expect(() => new Condition(wrong as never)).toThrow(TypeError);
});

it('needs its lock held to wait and to notify', async () => {
  const condition = new Condition(undefined, { name: 'news' });
  await expect(condition.wait()).rejects.toBeInstanceOf(ThreadError);
  await expect(condition.wait()).rejects.toThrow('cannot wait on news');
  expect(() => condition.waitSync()).toThrow(ThreadError);
  expect(() => condition.notify()).toThrow('cannot notify news');
  expect(() => condition.notifyAll()).toThrow(ThreadError);
  expect(condition.waiting).toBe(0);
});

it('lets the lock go while it waits, and holds it again after', async () => {
  const condition = new Condition(new Lock());
  const done = waiter(condition).then((notified) => [notified, condition.locked()]);
  await until(() => condition.waiting === 1);
  expect(condition.locked()).toBe(false);
  await notify(condition);
  expect(await done).toEqual([true, false]);
});

it('notifies exactly min(n, waiting), longest first', async () => {
  const condition = new Condition(new Lock());
  const served: number[] = [];
  const all = Promise.all([0, 1, 2, 3, 4].map((index) => waiter(condition).then(() => served.push(index))));
  await until(() => condition.waiting === 5);
  await notify(condition, 2);
  await until(() => served.length === 2);
  await turns(5);
  expect(served).toEqual([0, 1]);
  expect(condition.waiting).toBe(3);
  await notify(condition, 0);
  await notify(condition, 7);
  await all;
  expect(served).toEqual([0, 1, 2, 3, 4]);
  await notify(condition, 3);
  expect(await waiter(condition, { timeout: 5 })).toBe(false);
});

it.each([-1, 1.5, Number.NaN, '2'])('refuses to notify %o', (n) => {
  const condition = new Condition();
  using _held = condition.holdSync();
  expect(() => condition.notify(n as never)).toThrow();
});

it('is false after the timeout, with the lock held again', async () => {
  const condition = new Condition(new Lock());
  const held = await condition.hold();
  const start = performance.now();
  expect(await condition.wait({ timeout: 20 })).toBe(false);
  expect(performance.now() - start).toBeGreaterThanOrEqual(20);
  expect(condition.locked()).toBe(true);
  expect(condition.waitSync({ timeout: 5 })).toBe(false);
  expect(condition.locked()).toBe(true);
  held.release();
  expect(condition.locked()).toBe(false);
});

it('releases a nested RLock fully and restores its depth', async () => {
  const lock = new RLock();
  const condition = new Condition(lock);
  for (let depth = 0; depth < 3; depth++) condition.acquireSync();
  const wait = condition.wait({ timeout: 5000 }).then((notified) => notified);
  expect(lock.count).toBe(0);
  await notify(condition);
  expect(await wait).toBe(true);
  expect(lock.count).toBe(3);
  expect(condition.waitSync({ timeout: 1 })).toBe(false);
  expect(lock.count).toBe(3);
});

it('holds the lock again when a signal ends the wait', async () => {
  const condition = new Condition(new Lock());
  const controller = new AbortController();
  const held = await condition.hold();
  const wait = expect(condition.wait({ signal: controller.signal })).rejects.toBe('stop');
  await until(() => condition.waiting === 1);
  controller.abort('stop');
  await wait;
  expect(condition.waiting).toBe(0);
  expect(condition.locked()).toBe(true);
  held.release();
  expect(condition.locked()).toBe(false);
});

it('is left by unsubscribing, without the lock: a Held of it has nothing to release', async () => {
  const condition = new Condition(new Lock());
  const held = await condition.hold();
  condition.wait().subscribe().unsubscribe();
  expect(condition.waiting).toBe(0);
  expect(condition.locked()).toBe(false);
  const other = condition.lock.holdSync();
  held.release();
  expect(condition.locked()).toBe(true);
  other.release();
});

it('passes a notification on when the notified one leaves before it has the lock', async () => {
  const condition = new Condition(new Lock());
  condition.acquireSync();
  const first = condition.wait().subscribe();
  condition.acquireSync();
  const second = condition.wait().then((notified) => notified);
  condition.acquireSync();
  condition.notify(1);
  await turns(2);
  first.unsubscribe();
  condition.release();
  expect(await second).toBe(true);
  condition.release();
});

describe('waitFor', () => {
  it('emits the value of the predicate itself', async () => {
    const condition = new Condition(new Lock());
    const items: string[] = [];
    const taken = (async () => {
      using _held = await condition.hold();
      return await condition.waitFor(() => items[0]);
    })();
    await until(() => condition.waiting === 1);
    await notify(condition);
    await until(() => condition.waiting === 1);
    {
      using _held = await condition.hold();
      items.push('apple');
      condition.notify();
    }
    expect(await taken).toBe('apple');
    expect(condition.locked()).toBe(false);
  });

  it('does not wait, nor need the lock, when it holds already', async () => {
    const condition = new Condition();
    expect(await condition.waitFor(() => 7)).toBe(7);
    expect(condition.waitForSync(() => 'yes')).toBe('yes');
  });

  it('ends at its deadline with the last value, however often it is woken', async () => {
    const condition = new Condition(new Lock());
    let calls = 0;
    const start = performance.now();
    const wait = (async () => {
      using _held = await condition.hold();
      return await condition.waitFor(() => 0 * calls++, { timeout: 60 });
    })();
    const waker = setInterval(() => void notify(condition), 5);
    expect(await wait).toBe(0);
    clearInterval(waker);
    const took = performance.now() - start;
    expect(took).toBeGreaterThanOrEqual(60);
    expect(calls).toBeGreaterThan(2);
  });

  it.each([
    ['a Lock', () => new Lock(), 1],
    ['an RLock, held twice', () => new RLock(), 2],
  ] as const)(
    'left from within its predicate at a later look, does not have the lock: %s',
    async (_name, make, levels) => {
      const lock = make();
      const condition = new Condition(lock);
      const stop = new Subject<void>();
      let looks = 0;
      let left: unknown;
      const held = lock.holdSync();
      for (let level = 1; level < levels; level++) lock.acquireSync();
      condition
        .waitFor(() => {
          if (++looks === 2) stop.next();
          return looks === 3;
        })
        .pipe(takeUntil(stop))
        .subscribe({ next: (value) => (left = value) });
      expect(lock.locked()).toBe(false);
      notify(condition);
      await turns(2);
      expect([looks, left, lock.locked()]).toEqual([2, undefined, false]);
      // What was held before the wait has nothing to release.
      lock.acquireSync();
      held.release();
      expect(lock.locked()).toBe(true);
    },
  );

  it.each([
    ['a Lock', () => new Lock()],
    ['an RLock', () => new RLock()],
  ] as const)(
    'left with its section from within its predicate, has the lock until that returns: %s',
    async (_name, make) => {
      const condition = new Condition(make());
      const stop = new Subject<void>();
      const stages: string[] = [];
      let looks = 0;
      const look = () => {
        if (++looks < 2) return false;
        stop.next();
        stages.push(`left ${condition.locked()}`);
        condition.hold().subscribe((held) => {
          stages.push('another');
          setImmediate(() => {
            stages.push(`still ${condition.locked()}`);
            held.release();
          });
        });
        return false;
      };
      of(0)
        .pipe(
          withLock(condition, () => condition.waitFor(look)),
          takeUntil(stop),
        )
        .subscribe();
      await notify(condition);
      await until(() => stages.length === 3);
      expect(stages).toEqual(['left true', 'another', 'still true']);
      expect(condition.locked()).toBe(false);
    },
  );

  /** Left by `leave`, from within its predicate at the second look. */
  async function leaving(condition: Condition, leave: (stop: Subject<void>) => void): Promise<void> {
    const stop = new Subject<void>();
    let looks = 0;
    const look = () => {
      if (++looks === 2) leave(stop);
      return false;
    };
    of(0)
      .pipe(
        withLock(condition, () => condition.waitFor(look)),
        takeUntil(stop),
      )
      .subscribe();
    await notify(condition);
    await until(() => looks === 2);
  }

  it('left while a section within its predicate goes on, leaves the lock free after that', async () => {
    const condition = new Condition(new RLock());
    const inner = new Subject<void>();
    await leaving(condition, (stop) => {
      of(0)
        .pipe(withLock(condition, () => inner))
        .subscribe();
      stop.next();
    });
    expect(condition.locked()).toBe(true);
    inner.complete();
    expect(condition.locked()).toBe(false);
  });

  it.each([
    ['a Lock', () => new Lock(), 'before'],
    ['a Lock', () => new Lock(), 'after'],
    ['an RLock', () => new RLock(), 'before'],
    ['an RLock', () => new RLock(), 'after'],
  ] as const)(
    'left as its predicate begins a wait that lets the lock go, leaves it free after that: %s %s',
    async (_name, make, when) => {
      const condition = new Condition(make());
      let notified: boolean | undefined;
      await leaving(condition, (stop) => {
        if (when === 'before') stop.next();
        condition.wait({ timeout: 1 }).subscribe((is) => {
          notified = is;
        });
        if (when === 'after') stop.next();
      });
      await until(() => notified !== undefined);
      await turns(2);
      expect([notified, condition.locked()]).toEqual([false, false]);
    },
  );

  it('left from within its predicate after its Held was released, has the lock free once', async () => {
    const condition = new Condition(new RLock());
    const held = condition.holdSync();
    const stop = new Subject<void>();
    let counts: number[] = [];
    let looks = 0;
    condition
      .waitFor(() => {
        if (++looks === 1) return false;
        const { count } = condition.lock as RLock;
        condition.acquireSync();
        stop.next();
        counts = [count, (condition.lock as RLock).count];
        return false;
      })
      .pipe(takeUntil(stop))
      .subscribe();
    held.release();
    notify(condition);
    await until(() => counts.length > 0);
    expect(counts).toEqual([1, 2]);
    // What the predicate has acquired.
    expect((condition.lock as RLock).count).toBe(1);
    condition.release();
  });

  it('errors with what the predicate throws, and refuses one that is none', async () => {
    const condition = new Condition();
    await expect(
      condition.waitFor(() => {
        throw new TypeError('bad');
      }),
    ).rejects.toThrow('bad');
    expect(() => condition.waitFor(7 as never)).toThrow(TypeError);
    expect(() => condition.waitForSync('x' as never)).toThrow("'x'");
  });
});
