import {
  from,
  lastValueFrom,
  type MonoTypeOperatorFunction,
  map,
  type Observable,
  type Observer,
  of,
  take,
  toArray,
} from 'rxjs';
import {
  awaitCondition,
  awaitEvent,
  Barrier,
  barrierZip,
  Condition,
  Event,
  Lock,
  threadMap,
  threadPipe,
  timerDelay,
  withLock,
} from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

/** What a source of another library does with the observer that it is given. */
type Wrap = (observer: Observer<number>) => Observer<number> & { unsubscribe?(): void };

const wraps: Record<string, Wrap> = {
  // RxJS 6 calls all on an object made from the observer, and ends by that object's unsubscribe.
  'an object made from it': (observer) => Object.create(observer) as Observer<number>,
  'no object at all': ({ next, error, complete }) => ({
    next: (value) => next(value),
    error: (thrown) => error(thrown),
    complete: () => complete(),
  }),
};

/** A source of another library. `torn` counts how often it was torn down. */
function foreign(wrap: Wrap, emit: (observer: Observer<number>) => void) {
  const calls = { torn: 0 };
  const source = {
    subscribe: (observer: Observer<number>) => {
      const wrapped = wrap(observer);
      emit(wrapped);
      let torn = false;
      return {
        unsubscribe: () => {
          if (torn) return;
          torn = true;
          calls.torn++;
          wrapped.unsubscribe?.();
        },
      };
    },
    [Symbol.observable ?? '@@observable']: () => source,
  };
  return { source: source as unknown as Observable<number>, calls };
}

const twoValues = (observer: Observer<number>): void => {
  observer.next(1);
  observer.next(2);
  observer.complete();
};
const failure = (observer: Observer<number>): void => {
  observer.next(1);
  observer.error(new RangeError('sad'));
};

const set = new Event();
set.set();
const operators: Record<string, () => MonoTypeOperatorFunction<number>> = {
  withLock: () => withLock(new Lock(), (value) => of(value)),
  awaitEvent: () => awaitEvent(set),
  awaitCondition: () => awaitCondition(new Condition(), () => true),
  barrierZip: () => (source) => barrierZip<number, []>(new Barrier(1))(source).pipe(map(([value]) => value)),
  timerDelay: () => timerDelay(1),
  threadMap: () => threadMap((value: number) => value),
  threadPipe: () => threadPipe((source: Observable<number>) => source),
};

describe.each(Object.entries(wraps))('a source that calls its observer on %s', (_, wrap) => {
  it.each(Object.entries(operators))('goes through %s', async (_name, operator) => {
    const values = from(foreign(wrap, twoValues).source).pipe(operator(), toArray());
    expect(await lastValueFrom(values)).toEqual([1, 2]);
  });

  it.each(Object.entries(operators))('goes through %s without from', async (_name, operator) => {
    const values = operator()(foreign(wrap, twoValues).source).pipe(toArray());
    expect(await lastValueFrom(values)).toEqual([1, 2]);
  });

  it.each(Object.entries(operators))('fails through %s', async (_name, operator) => {
    const failed = lastValueFrom(from(foreign(wrap, failure).source).pipe(operator()));
    await expect(failed).rejects.toThrow('sad');
  });

  it.each(Object.entries(operators))('is torn down when %s is left, once', async (_name, operator) => {
    const { source, calls } = foreign(wrap, () => {});
    operator()(source).subscribe().unsubscribe();
    expect(calls.torn).toBe(1);
  });

  it('is a section of withLock, whose lock is released', async () => {
    const lock = new Lock();
    const inner = (emit: (observer: Observer<number>) => void) =>
      of(0).pipe(withLock(lock, () => foreign(wrap, emit).source));
    expect(await lastValueFrom(inner(twoValues).pipe(toArray()))).toEqual([1, 2]);
    expect(lock.locked()).toBe(false);
    await expect(lastValueFrom(inner(failure))).rejects.toThrow('sad');
    expect(lock.locked()).toBe(false);
    expect(await lastValueFrom(inner(twoValues).pipe(take(1)))).toBe(1);
    expect(lock.locked()).toBe(false);
    expect(
      await lastValueFrom(
        inner((observer) => observer.complete()),
        { defaultValue: 'none' },
      ),
    ).toBe('none');
    expect(lock.locked()).toBe(false);
  });
});
