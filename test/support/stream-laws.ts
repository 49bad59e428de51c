import {
  concat,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  repeat,
  retry,
  Subject,
  take,
  takeUntil,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { expectPlayed, numbers, scripted } from './script.js';
import type { Bound, Failing, Watch } from './watch.js';

/** What holds for every Observable of ours, whatever stands behind it. */
export function streamLaws(name: string, watch: Watch, make: () => Bound | Promise<Bound>): void {
  const through = (pipeline: (bound: Bound) => Observable<unknown>, leave?: 'while waiting' | number) =>
    watch({ make, pipeline, ...(leave !== undefined && { leave }) });

  describe(`${name}, as every stream,`, () => {
    it('passes every value on, in order, and completes', async () => {
      const source = scripted(numbers(1000), 'complete');
      const { seen } = await through(({ open }) => open(source));
      expect(seen).toEqual([...numbers(1000), 'complete']);
      expectPlayed(source, 1);
    });

    it('takes undefined, null and the like for values', async () => {
      const odd = [undefined, null, 0, '', false, Number.NaN, undefined];
      const { seen } = await through(({ open }) => open(scripted(odd, 'complete')));
      expect(seen).toEqual([...odd, 'complete']);
      const kept = await through(({ shut }) => shut(scripted(odd, 'complete')));
      expect(kept.seen).toEqual([...odd, 'complete']);
    });

    it('completes when there was no value, and never when the source does not', async () => {
      expect((await through(({ open }) => open(scripted([], 'complete')))).seen).toEqual(['complete']);
      const source = scripted([1, 2], 'never');
      expect((await through(({ open }) => open(source), 2)).seen).toEqual([1, 2]);
      expectPlayed(source, 1);
    });

    it("passes the source's error on, once, after none that came later", async () => {
      const source = scripted([1, 2], 'error');
      const { seen } = await through(({ open }) => open(source));
      expect(seen.pop()).toBe('error sad');
      expect(seen).toEqual([1, 2].slice(0, seen.length));
      expectPlayed(source, 1);
    });

    it('does not listen to a source that goes on after its end', async () => {
      const source = scripted([1], 'both ends');
      for (const way of ['open', 'shut'] as const) {
        const { seen } = await watch({ make, pipeline: (bound) => bound[way](source), unruly: true });
        expect(seen).toEqual([1, 'complete']);
      }
      expectPlayed(source, 2);
    });

    it('does nothing before it is subscribed to, and all anew each time', async () => {
      const source = scripted([1, 2], 'complete');
      const { seen } = await through((bound) => {
        const stream = bound.open(source);
        expectPlayed(source, 0);
        expect(bound.waits()).toBe(false);
        return concat(stream, stream);
      });
      expect(seen).toEqual([1, 2, 1, 2, 'complete']);
      expectPlayed(source, 2);
    });

    it('lets repeat and retry come again', async () => {
      const good = scripted([1], 'complete');
      const bad = scripted([], 'error');
      expect((await through(({ open }) => open(good).pipe(repeat(3)))).seen).toEqual([1, 1, 1, 'complete']);
      expect((await through(({ open }) => open(bad).pipe(retry(2)))).seen).toEqual(['error sad']);
      expectPlayed(good, 3);
      expectPlayed(bad, 3);
    });

    it.each(['open', 'shut'] as const)(
      'serves several subscriptions at once, each with its own: %s',
      async (way) => {
        const source = scripted([1, 2, 3], 'complete');
        const { seen } = await through((bound) => {
          const stream = bound[way](source);
          const named = (name: string) => stream.pipe(map((value) => `${name}${value}`));
          return merge(named('a'), named('b'), named('c'));
        });
        expect(seen.pop()).toBe('complete');
        expect(seen.sort()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1', 'c2', 'c3']);
        expectPlayed(source, 3);
      },
    );

    it('keeps what comes while it waits, in order, and completes after it', async () => {
      const source = scripted(numbers(1000), 'complete');
      const { seen } = await through(({ shut }) => shut(source));
      expect(seen).toEqual([...numbers(1000), 'complete']);
      expectPlayed(source, 1);
    });

    it.each(['never', 'complete'] as const)('is left while values wait, the source: %s', async (end) => {
      const source = scripted([1, 2], end);
      const { seen } = await through(({ shut }) => shut(source), 'while waiting');
      expect(seen).toEqual([]);
      expectPlayed(source, 1);
    });

    it.each([
      ['open', 'never'],
      ['open', 'complete'],
      ['shut', 'complete'],
    ] as const)('says no more to who leaves within next: %s, the source: %s', async (way, end) => {
      const source = scripted(numbers(10), end);
      const stop = new Subject<void>();
      const { seen } = await watch({
        make,
        pipeline: (bound) => bound[way](source).pipe(takeUntil(stop)),
        each: (value) => value === 2 && stop.next(),
      });
      expect(seen).toEqual([0, 1, 2, 'complete']);
      expectPlayed(source, 1);
    });

    it('can be subscribed to within its own next', async () => {
      const source = scripted([1, 2], 'complete');
      const { seen } = await through(({ open }) => {
        const stream = open(source);
        const again = (value: unknown, index: number) =>
          index === 0 ? concat(of(value), stream) : of(value);
        return stream.pipe(mergeMap(again));
      });
      expect(seen.pop()).toBe('complete');
      expect(seen.sort()).toEqual([1, 1, 2, 2]);
      expectPlayed(source, 2);
    });

    it('goes on when its consumer throws', async () => {
      const source = scripted([1, 2, 3], 'complete');
      const { seen, unhandled } = await watch({
        make,
        pipeline: ({ open }) => open(source),
        each: (value) => {
          if (value === 2) throw new Error('no consumer');
        },
      });
      expect(seen).toEqual([1, 2, 3, 'complete']);
      expect(unhandled).toMatchObject([{ message: 'no consumer' }]);
      expectPlayed(source, 1);
    });

    it('lets go of all it has when the teardown of the source throws', async () => {
      const source = scripted([1], 'torn');
      const { seen } = await through(({ open }) => open(source));
      expect(seen.slice(0, 1)).toEqual([1]);
      expectPlayed(source, 1);
    });
  });
}

/** What holds where a function of the user's is called for each value. */
export function functionLaws(name: string, watch: Watch, make: () => Failing | Promise<Failing>): void {
  it(`${name} has what the user's function throws as its error, and lets go`, async () => {
    const source = scripted([1, 2, 3], 'never');
    const { seen } = await watch({ make, pipeline: ({ failing }) => failing(source) });
    expect(seen).toEqual([1, 'error RangeError: no 2']);
    expectPlayed(source, 1);
  });
}

/** What holds where a value need not wait for the event loop. */
export function cutLaws(name: string, watch: Watch, make: () => Bound | Promise<Bound>): void {
  it.each([1, 3])(`${name} cuts an endless synchronous source after %i`, async (count) => {
    const source = scripted([], 'endless');
    const { seen } = await watch({ make, pipeline: ({ open }) => open(source).pipe(take(count)) });
    expect(seen).toEqual([...numbers(count), 'complete']);
    expectPlayed(source, 1);
  });
}
