import { AsyncLocalStorage } from 'node:async_hooks';
import { of } from 'rxjs';
import { Barrier, Condition, Event, Lock, Semaphore, type Wait, withLock } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

const request = new AsyncLocalStorage<string>();

/** A wait that is pending, and what ends it; it begins and ends in contexts of their own. */
const pending: [name: string, begin: () => Wait<unknown>, end: () => void][] = [];

function add(name: string, make: () => { wait: () => Wait<unknown>; end: () => void }): void {
  const { wait, end } = make();
  pending.push([name, wait, end]);
}

for (const lock of [new Lock(), new Semaphore(1)]) {
  add(`a ${lock.constructor.name}`, () => {
    lock.acquireSync();
    return { wait: () => lock.acquire(), end: () => lock.release() };
  });
}
add('an Event', () => {
  const event = new Event();
  return { wait: () => event.wait(), end: () => event.set() };
});
add('a Barrier', () => {
  const barrier = new Barrier(3);
  return { wait: () => barrier.wait(), end: () => void barrier.waitSync() };
});
add('a Condition', () => {
  const condition = new Condition(new Lock());
  return {
    wait: () => {
      condition.acquireSync();
      return condition.wait();
    },
    // Whoever is notified has the lock then.
    end: () => {
      if (!condition.locked()) condition.acquireSync();
      condition.notify();
      condition.release();
    },
  };
});

describe('callbacks run in the async context of whoever subscribed', () => {
  it.each(pending)('of %s, whoever ends the wait', async (_name, begin, end) => {
    const seen: [string, string | undefined][] = [];
    const over: Promise<unknown>[] = [];
    request.run('A', () => {
      over.push(
        begin().then(() => {
          seen.push(['A', request.getStore()]);
        }),
      );
    });
    const settled = new Promise<void>((resolve) => {
      request.run('B', () => {
        begin().subscribe(() => {
          seen.push(['B', request.getStore()]);
          resolve();
        });
      });
    });
    request.run('the releaser', end);
    await over[0];
    if (seen.length < 2) request.run('another', end);
    await settled;
    expect(seen.sort()).toEqual([
      ['A', 'A'],
      ['B', 'B'],
    ]);
  });

  it('of a wait that times out or is aborted', async () => {
    const lock = new Lock();
    lock.acquireSync();
    const controller = new AbortController();
    const seen: (string | undefined)[] = [];
    const timedOut = request.run(
      'A',
      () =>
        new Promise<void>((resolve) => {
          lock.acquire({ timeout: 5 }).subscribe(() => {
            seen.push(request.getStore());
            resolve();
          });
        }),
    );
    request.run('B', () =>
      lock
        .acquire({ signal: controller.signal })
        .subscribe({ error: () => seen.unshift(request.getStore()) }),
    );
    request.run('the one that aborts', () => controller.abort());
    await timedOut;
    expect(seen).toEqual(['B', 'A']);
  });

  it('of a withLock that waited: its project', async () => {
    const lock = new Lock();
    lock.acquireSync();
    const projected = new Promise((resolve) => {
      request.run('A', () => {
        of(1)
          .pipe(
            withLock(lock, () => {
              resolve(request.getStore());
              return of(0);
            }),
          )
          .subscribe();
      });
    });
    request.run('the releaser', () => lock.release());
    expect(await projected).toBe('A');
  });
});
