import { type MonoTypeOperatorFunction, Observable, Subject, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { play } from '../fixtures/operators/scripted.js';
import { expectPlayed, numbers, type Script, scripted } from './script.js';
import { cutLaws, functionLaws, streamLaws } from './stream-laws.js';
import { type Bound, tracked, type Watch } from './watch.js';

/** An operator that passes its values on as they are, sooner or later. As Bound, but for sources. */
export interface Passing extends Omit<Bound, 'open' | 'shut'> {
  readonly open: MonoTypeOperatorFunction<unknown>;
  readonly shut: MonoTypeOperatorFunction<unknown>;
  /** The source's error stays behind its values, which have gone where it goes. */
  readonly errorWaits?: true;
}

/** One with a function of the user's that throws RangeError('no 2') for the value 2. */
export interface PassingThrough extends Passing {
  readonly failing: MonoTypeOperatorFunction<unknown>;
}

/** What holds for every operator: the laws of streams, and those of one that has a source. */
export function operatorLaws<P extends Passing>(
  name: string,
  watch: Watch,
  make: () => P | Promise<P>,
): void {
  const makeBound = async () => bind(await make());
  streamLaws(name, watch, makeBound);

  describe(`${name}, as every operator,`, () => {
    it('drops what waits for an error of the source, unless that is said to wait', async () => {
      const source = scripted([1, 2], 'error');
      let waited: readonly unknown[] = [];
      const { seen } = await watch({
        make: makeBound,
        pipeline: ({ shut, passing }) => {
          if (passing.errorWaits) waited = source.values;
          return shut(source);
        },
      });
      expect(seen).toEqual([...waited, 'error sad']);
      expectPlayed(source, 1);
    });

    it('drops it, too, when it has waited for a while', async () => {
      const source = new Subject<unknown>();
      let waited: readonly unknown[] = [];
      const { seen } = await watch({
        make: makeBound,
        pipeline: ({ passing }) => {
          if (passing.errorWaits) waited = [1];
          return begunWith(source.pipe(passing.shut), () => source.next(1));
        },
        whenWaiting: () => source.error('sad'),
      });
      expect(seen).toEqual([...waited, 'error sad']);
      expect(source.observed).toBe(false);
    });

    it('takes a value that its own consumer sends, after those before it', async () => {
      const subject = new Subject<unknown>();
      const { seen } = await watch({
        make: makeBound,
        pipeline: ({ passing }) => begunWith(subject.pipe(passing.open), () => subject.next(0)),
        each: (value) => {
          if ((value as number) < 5) subject.next((value as number) + 1);
          else subject.complete();
        },
      });
      expect(seen).toEqual([...numbers(6), 'complete']);
    });

    it('emits the value whose consumer sends the next one or completes the source, before that', async () => {
      const subject = new Subject<unknown>();
      const { seen } = await watch({
        make: makeBound,
        pipeline: ({ passing }) => {
          const feed = (value: unknown): void => {
            if ((value as number) < 5) subject.next((value as number) + 1);
            else subject.complete();
          };
          return begunWith(subject.pipe(passing.open, tap(feed)), () => subject.next(0));
        },
      });
      expect(seen).toEqual([...numbers(6), 'complete']);
    });
  });
}

/** Of one in whose way nothing is, when it is open. */
export function cutOperatorLaws(name: string, watch: Watch, make: () => Passing | Promise<Passing>): void {
  cutLaws(name, watch, async () => bind(await make()));
}

/** All of them, and those of one that calls a function of the user's for each value. */
export function mappingLaws(
  name: string,
  watch: Watch,
  make: () => PassingThrough | Promise<PassingThrough>,
) {
  asynchronousMappingLaws(name, watch, make);
  cutOperatorLaws(name, watch, make);
}

/** The same but for cutting an endless synchronous source, which never lets an answer from elsewhere in. */
export function asynchronousMappingLaws(
  name: string,
  watch: Watch,
  make: () => PassingThrough | Promise<PassingThrough>,
) {
  operatorLaws(name, watch, make);
  functionLaws(name, watch, async () => {
    const passing = await make();
    return { ...bind(passing), failing: (source) => play(source).pipe(passing.failing) };
  });
}

/** `begin` is called when it has been subscribed to. */
function begunWith<T>(stream: Observable<T>, begin: () => void): Observable<T> {
  return new Observable((subscriber) => {
    tracked(stream).subscribe(subscriber);
    begin();
  });
}

interface BoundOperator extends Bound {
  readonly passing: Passing;
}

function bind(passing: Passing): BoundOperator {
  const { open, shut } = passing;
  return {
    passing,
    open: (source: Script) => play(source).pipe(open),
    shut: (source: Script) => play(source).pipe(shut),
    waits: () => passing.waits(),
    unblock: () => passing.unblock(),
    free: () => passing.free(),
    end: async () => passing.end?.(),
  };
}
