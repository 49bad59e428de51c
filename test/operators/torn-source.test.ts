// Teardowns that throw. A source's: an operator that fails by itself tears that down first, and then releases and tells. A
// subscriber's: it is nobody's who brought the end, such as a message, a timer or an iterator.
import {
  config,
  finalize,
  map,
  type Observable,
  type OperatorFunction,
  of,
  Subject,
  timer,
  UnsubscriptionError,
} from 'rxjs';
import {
  awaitCondition,
  awaitEvent,
  Barrier,
  barrierZip,
  Condition,
  Event,
  Lock,
  pulled,
  RLock,
  Semaphore,
  ThreadPool,
  threadMap,
  threadPipe,
  timerDelay,
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

const held = new Lock();
held.acquireSync();
async function* numbers(end: 'ends' | 'fails') {
  yield 1;
  if (end === 'fails') throw new Error('no more');
}
const same = (value: unknown) => value;
const never = () => new Promise(() => {});
const passed = (source: Observable<unknown>) => source;

const ends: Record<string, () => Observable<unknown>> = {
  'threadMap completes': () => of(1).pipe(threadMap(same, { pool })),
  'threadMap fails': () => of(1).pipe(threadMap(sad, { pool })),
  'threadMap runs out of time': () => of(1).pipe(threadMap(never, { pool, timeout: 1, grace: 0 })),
  'a value of threadMap cannot be sent': () => of(same).pipe(threadMap(same, { pool })),
  'what threadMap pulls ends': () => pulled(numbers('ends')).pipe(threadMap(same, { pool })),
  'what threadMap pulls fails': () => pulled(numbers('fails')).pipe(threadMap(same, { pool })),
  'threadPipe completes': () => of(1).pipe(threadPipe(passed)),
  'a value of threadPipe cannot be sent': () =>
    timer(1).pipe(
      map(() => same),
      threadPipe(passed),
    ),
  'withLock runs out of time': () => of(1).pipe(withLock(held, sad, { timeout: 1 })),
  'awaitEvent runs out of time': () => of(1).pipe(awaitEvent(new Event(), { timeout: 1 })),
  'awaitCondition runs out of time': () =>
    of(1).pipe(awaitCondition(new Condition(), () => false, { timeout: 1 })),
  'timerDelay completes': () => of(1).pipe(timerDelay(1)),
};

it.each(Object.entries(ends))('what a teardown throws as %s is told as RxJS tells', async (_, make) => {
  const unheard: unknown[] = [];
  config.onUnhandledError = (error) => unheard.push(error);
  await new Promise<void>((resolve) => {
    const torn = finalize(() => {
      throw new Error('torn');
    });
    make()
      .pipe(torn)
      .subscribe({ error: () => resolve(), complete: resolve });
  });
  await until(() => unheard.length > 0);
  expect(unheard.map(String)).toEqual([expect.stringContaining('torn')]);
});
