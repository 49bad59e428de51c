// A source whose teardown throws: an operator that fails by itself tears that down first, and then releases and tells.
import { config, finalize, type OperatorFunction, Subject, UnsubscriptionError } from 'rxjs';
import {
  awaitCondition,
  awaitEvent,
  Barrier,
  barrierZip,
  Condition,
  Event,
  Lock,
  RLock,
  Semaphore,
  ThreadPool,
  threadMap,
  withLock,
} from 'rxjs-threading';
import { afterAll, afterEach, expect, it } from 'vitest';
import { until } from '../support/turns.js';

const pool = new ThreadPool({ minThreads: 1, maxThreads: 1 });
afterAll(() => pool.close());
afterEach(() => {
  config.onUnhandledError = null;
});

const sad = async () => {
  throw new Error('sad');
};

/** An operator that fails, what then must hold, and how to bring that about. */
type Row = [operator: OperatorFunction<number, unknown>, free?: () => boolean, fail?: () => void];

const rows: Record<string, () => Row> = {
  'withLock over a Lock': () => {
    const lock = new Lock();
    return [withLock(lock, sad), () => !lock.locked()];
  },
  'withLock over an RLock': () => {
    const lock = new RLock();
    return [withLock(lock, sad), () => !lock.locked()];
  },
  'withLock over a Semaphore': () => {
    const permits = new Semaphore(3);
    return [withLock(permits, sad), () => permits.value === 3];
  },
  'withLock whose project throws': () => {
    const lock = new Lock();
    const project = () => {
      throw new Error('sad');
    };
    return [withLock(lock, project), () => !lock.locked()];
  },
  'withLock that waits too long': () => {
    const lock = new Lock();
    lock.acquireSync();
    return [withLock(lock, sad, { timeout: 1 }), () => lock.waiting === 0];
  },
  'awaitEvent that waits too long': () => [awaitEvent(new Event(), { timeout: 1 })],
  'awaitCondition that waits too long': () => {
    const condition = new Condition();
    return [awaitCondition(condition, () => false, { timeout: 1 }), () => !condition.locked()];
  },
  'barrierZip whose barrier breaks': () => {
    const barrier = new Barrier(2);
    return [barrierZip(barrier), () => barrier.nWaiting === 0, () => barrier.abort()];
  },
  threadMap: () => [threadMap(sad, { pool }), () => pool.stats.busy === 0],
};

it.each(Object.entries(rows))('%s lets go, and tells of its error', async (_, make) => {
  const unheard: unknown[] = [];
  config.onUnhandledError = (error) => unheard.push(error);
  const [operator, free = () => true, fail] = make();
  const source = new Subject<number>();
  const seen: unknown[] = [];
  source
    .pipe(
      finalize(() => {
        throw new Error('torn');
      }),
      operator,
    )
    .subscribe({ next: (value) => seen.push(value), error: (error) => seen.push(error) });
  source.next(1);
  fail?.();
  await until(() => seen.length > 0);
  expect(seen).toEqual([expect.any(Error)]);
  expect(seen).not.toContainEqual(expect.any(UnsubscriptionError));
  await until(free);
  await until(() => unheard.length > 0);
  expect(unheard).toEqual([expect.any(UnsubscriptionError)]);
  expect(source.observed).toBe(false);
});
