import {
  asyncScheduler,
  concat,
  defer,
  EMPTY,
  finalize,
  from,
  type MonoTypeOperatorFunction,
  merge,
  NEVER,
  Observable,
  of,
  range,
  repeat,
  retry,
  Subject,
  take,
  throwError,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { inVirtualTime } from './virtual-time.js';

/** An operator that passes its values on as they are, sooner or later. */
export interface Passing {
  /** With nothing in the way. */
  readonly open: MonoTypeOperatorFunction<number>;
  /** With everything in the way, until `unblock`, or for 10 frames. */
  readonly shut: MonoTypeOperatorFunction<number>;
  unblock(): void;
  /** Nobody waits, nothing is held. */
  free(): boolean;
}

/** What holds for every operator that makes values wait. */
export function operatorLaws(name: string, make: () => Passing): void {
  describe(`${name}, as every operator`, () => {
    it('passes every value on, in order, and completes', () => {
      const { seen, passing } = run(make, ({ open }) => range(0, 1000).pipe(open));
      expect(seen).toEqual([...numbers(1000), 'complete']);
      expect(passing.free()).toBe(true);
    });

    it('completes when there was no value, and never when the source does not', () => {
      expect(run(make, ({ open }) => EMPTY.pipe(open)).seen).toEqual(['complete']);
      expect(run(make, ({ open }) => NEVER.pipe(open)).seen).toEqual([]);
    });

    it("passes the source's error on after the values before it", () => {
      const source = concat(
        of(1, 2),
        throwError(() => 'sad'),
      );
      const { seen, passing } = run(make, ({ open }) => source.pipe(open));
      expect(seen.slice(-1)).toEqual(['error sad']);
      expect(passing.free()).toBe(true);
    });

    it('does nothing before it is subscribed to, and all anew each time', () => {
      let subscribed = 0;
      const source = defer(() => of(++subscribed));
      const { seen } = run(make, ({ open }) => {
        const piped = source.pipe(open);
        expect(subscribed).toBe(0);
        return concat(piped, piped);
      });
      expect(seen).toEqual([1, 2, 'complete']);
    });

    it('lets repeat and retry come again', () => {
      let tries = 0;
      const source = defer(() => (++tries % 3 === 0 ? of(tries) : throwError(() => 'again')));
      const { seen, passing } = run(make, ({ open }) => source.pipe(open, retry(2), repeat(3)));
      expect(seen).toEqual([3, 6, 9, 'complete']);
      expect(passing.free()).toBe(true);
    });

    it('serves several subscriptions at once, each with its own', () => {
      const { seen, passing } = run(make, ({ open }) => {
        const piped = from([1, 2, 3]).pipe(open);
        return merge(piped, piped, piped);
      });
      expect(seen.filter((one) => one === 2)).toHaveLength(3);
      expect(seen).toHaveLength(10);
      expect(passing.free()).toBe(true);
    });

    it('keeps what comes while it waits, in order, and completes after it', () => {
      const { seen, passing } = run(make, ({ shut }) => range(0, 1000).pipe(shut));
      expect(seen).toEqual([...numbers(1000), 'complete']);
      expect(passing.free()).toBe(true);
    });

    it('does not make an error wait', () => {
      const { seen, frames, passing } = run(make, ({ shut }) =>
        concat(
          of(1, 2),
          throwError(() => 'sad'),
        ).pipe(shut),
      );
      expect(seen).toEqual(['error sad']);
      expect(frames).toEqual([0]);
      expect(passing.free()).toBe(true);
    });

    it('left while values wait, leaves the source and the primitive, and says no more', () => {
      let left = 0;
      const source = concat(of(1, 2), NEVER).pipe(finalize(() => left++));
      const { seen, passing } = run(make, ({ shut }) => source.pipe(shut), 5);
      expect(seen).toEqual([]);
      expect(left).toBe(1);
      expect(passing.free()).toBe(true);
    });

    it('cuts an endless synchronous source', () => {
      let made = 0;
      const endless = new Observable<number>((subscriber) => {
        while (!subscriber.closed) subscriber.next(made++);
      });
      const { seen, passing } = run(make, ({ open }) => endless.pipe(open, take(3)));
      expect(seen).toEqual([0, 1, 2, 'complete']);
      expect(made).toBeLessThanOrEqual(4);
      expect(passing.free()).toBe(true);
    });

    it('takes a value that its own consumer sends, after those before it', () => {
      const { seen, passing } = run(make, ({ open }) => {
        const subject = new Subject<number>();
        return new Observable((subscriber) => {
          const sendNext = (value: number) => {
            subscriber.next(value);
            if (value < 5) subject.next(value + 1);
            else subject.complete();
          };
          subject.pipe(open).subscribe({
            next: sendNext,
            error: (error) => subscriber.error(error),
            complete: () => subscriber.complete(),
          });
          subject.next(0);
        });
      });
      expect(seen).toEqual([...numbers(6), 'complete']);
      expect(passing.free()).toBe(true);
    });
  });
}

/** All that happens in 100 frames; unblocked at 10, left at `until`. */
function run(make: () => Passing, pipeline: (passing: Passing) => Observable<number>, until = 100) {
  return inVirtualTime(({ flush }) => {
    const passing = make();
    const seen: (number | string)[] = [];
    const frames: number[] = [];
    const note = (what: number | string) => {
      seen.push(what);
      frames.push(asyncScheduler.now());
    };
    const subscription = pipeline(passing).subscribe({
      next: note,
      error: (error) => note(`error ${error}`),
      complete: () => note('complete'),
    });
    asyncScheduler.schedule(() => subscription.unsubscribe(), until);
    asyncScheduler.schedule(() => passing.unblock(), 10);
    flush();
    return { seen, frames, passing };
  });
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
