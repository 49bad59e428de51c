// withLock between threads.
import { catchError, defer, lastValueFrom, map, NEVER, of, range, TimeoutError, timer, toArray } from 'rxjs';
import {
  Event,
  Lock,
  OwnerDiedError,
  RLock,
  Semaphore,
  Thread,
  threadModule,
  withLock,
} from 'rxjs-threading';
import { expect, it } from 'vitest';
import { until } from '../support/turns.js';

const targets = threadModule<typeof import('../fixtures/operators/targets.js')>(
  new URL('../fixtures/operators/targets.js', import.meta.url),
);

/** A thread that holds the lock until told. */
async function heldElsewhere(lock: Lock | RLock | Semaphore) {
  const [holding, release] = [new Event(), new Event()];
  const thread = new Thread({ target: targets.holdUntil, args: [lock, holding, release] }).start();
  await holding.wait();
  return { thread, release };
}

it.each([
  ['Lock', () => new Lock()],
  ['RLock', () => new RLock()],
  ['Semaphore', () => new Semaphore(1)],
])('values wait for a %s that another thread holds, and go on in order', async (_, make) => {
  const lock = make();
  const { thread, release } = await heldElsewhere(lock);
  const seen: number[] = [];
  const done = lastValueFrom(range(0, 5).pipe(withLock(lock, (value) => of(seen.push(value)))));
  await until(() => lock.waiting === 1);
  expect(seen).toEqual([]);
  release.set();
  await done;
  expect(seen).toEqual([0, 1, 2, 3, 4]);
  await thread.join();
  expect(lock.acquireSync({ blocking: false })).toBe(true);
  lock.release();
});

it('a value that waits too long for another thread is a TimeoutError with its place', async () => {
  const lock = new Lock();
  const { thread, release } = await heldElsewhere(lock);
  const start = performance.now();
  const place = of('a', 'b').pipe(
    withLock(lock, () => NEVER, { timeout: 30 }),
    catchError((error) => of(error instanceof TimeoutError && error.cause)),
  );
  expect(await lastValueFrom(place)).toEqual({ index: 0, value: 'a' });
  expect(performance.now() - start).toBeGreaterThan(25);
  expect(lock.waiting).toBe(0);
  release.set();
  await thread.join();
});

it.each([
  ['Lock', () => new Lock()],
  ['RLock', () => new RLock()],
])(
  'the death of the thread that holds the %s reaches catchError with the place, and retry goes on',
  async (_, make) => {
    const lock = make();
    const holding = new Event();
    const thread = new Thread({ target: targets.holdForEver, args: [lock, holding] }).start();
    const { ident } = thread;
    await holding.wait();
    const seen: unknown[] = [];
    const section = defer(() => of('a')).pipe(withLock(lock, (value) => of(value)));
    const done = lastValueFrom(
      section.pipe(
        catchError((error, again) => {
          seen.push(error);
          return again;
        }),
        toArray(),
      ),
    );
    await thread.terminate();
    expect(await done).toEqual(['a']);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeInstanceOf(OwnerDiedError);
    expect(seen[0]).toMatchObject({ owner: ident, cause: { index: 0, value: 'a' } });
    expect(lock.locked()).toBe(false);
  },
);

it('pipelines of several threads never come between each other', async () => {
  const lock = new Lock();
  const counter = new SharedArrayBuffer(4);
  const cells = new Int32Array(counter);
  const threads = [1, 2].map(() => new Thread({ target: targets.count, args: [lock, counter, 60] }).start());
  const here = range(0, 60).pipe(
    withLock(lock, () => {
      const before = cells[0] as number;
      return timer(0).pipe(
        map(() => {
          cells[0] = before + 1;
        }),
      );
    }),
  );
  await Promise.all([lastValueFrom(here), ...threads.map((thread) => thread.result())]);
  expect(cells[0]).toBe(180);
  expect(lock.locked()).toBe(false);
  expect(lock.waiting).toBe(0);
});

it('left while a value waits for another thread, leaves nobody in the queue', async () => {
  const lock = new Lock();
  const { thread, release } = await heldElsewhere(lock);
  const subscription = range(0, 3)
    .pipe(withLock(lock, () => NEVER))
    .subscribe();
  await until(() => lock.waiting === 1);
  subscription.unsubscribe();
  expect(lock.waiting).toBe(0);
  release.set();
  await thread.join();
  expect(lock.locked()).toBe(false);
});

it('left while a value runs, lets another thread in', async () => {
  const lock = new Lock();
  const subscription = of(1)
    .pipe(withLock(lock, () => NEVER))
    .subscribe();
  const [holding, release] = [new Event(), new Event()];
  release.set();
  const thread = new Thread({ target: targets.holdUntil, args: [lock, holding, release] }).start();
  await until(() => lock.waiting === 1);
  expect(holding.isSet()).toBe(false);
  subscription.unsubscribe();
  expect(await holding.wait({ timeout: 5000 })).toBe(true);
  await thread.join();
});
