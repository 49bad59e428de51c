import { asyncScheduler, type Observable, Subject } from 'rxjs';
import { type RunHelpers, TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';

/** Runs marbles in virtual time; what was expected is checked at the end. */
export function inVirtualTime<T>(run: (helpers: RunHelpers) => T): T {
  return new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(run);
}

/** Something that happens at a frame. */
export interface Timed<T> {
  readonly at: number;
  readonly value: T;
}

/** What an Observable said, with the frame. */
export type Said = [frame: number, what: unknown][];

export interface Stage {
  /** Hot; those of one frame in the order given. Completes at `end`, or fails when there is an error. */
  play<T>(timed: readonly Timed<T>[], end?: number, error?: unknown): Observable<T>;
  /** Subscribes at once, and leaves at `until`. */
  record(source: Observable<unknown>, until: number): Said;
}

/** As marbles, from data: for properties. Returns when nothing happens any more. */
export function happenings<T>(run: (stage: Stage) => T): T {
  return inVirtualTime(({ flush }) => {
    const play = <V>(timed: readonly Timed<V>[], end?: number, error?: unknown): Observable<V> => {
      const subject = new Subject<V>();
      for (const { at, value } of timed) asyncScheduler.schedule(() => subject.next(value), at);
      const stop = () => (error === undefined ? subject.complete() : subject.error(error));
      if (end !== undefined) asyncScheduler.schedule(stop, end);
      return subject;
    };
    const record = (source: Observable<unknown>, until: number): Said => {
      const said: Said = [];
      const say = (what: unknown) => said.push([asyncScheduler.now(), what]);
      const subscription = source.subscribe({
        next: say,
        error: (error) => say(`error ${error}`),
        complete: () => say('complete'),
      });
      asyncScheduler.schedule(() => subscription.unsubscribe(), until);
      return said;
    };
    const result = run({ play, record });
    flush();
    return result;
  });
}
