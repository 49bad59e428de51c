// threadMap, threadPipe and runInThread against plain sequential models, with real workers: random values, delays,
// failures and unsubscriptions; none too many at once, no loss, none twice, in order, everything released at the end.
import fc from 'fast-check';
import { concatMap, delay, from, type Observable, of, throwError } from 'rxjs';
import { activeCount, runInThread, ThreadPool, threadMap, threadModule, threadPipe } from 'rxjs-threading';
import { afterAll, expect, it } from 'vitest';
import { untilWithin } from '../support/turns.js';

const targets = threadModule<typeof import('../fixtures/operators/planned.js')>(
  new URL('../fixtures/operators/planned.js', import.meta.url),
);
const WORKERS = 2;
const pool = new ThreadPool({ minThreads: WORKERS, maxThreads: WORKERS });
afterAll(() => pool.close());

/** What is to happen with a value. */
interface Work {
  readonly kind: 'now' | 'later' | 'stream';
  /** ms, in the worker, and in the source before it. */
  readonly takes: number;
  readonly after: number;
  readonly fails: boolean;
}
interface Plan extends Work {
  readonly index: number;
  readonly buffer: SharedArrayBuffer;
}

const dice = (sides: number) => fc.nat({ max: sides - 1 }).map((side) => side === sides - 1);
const works: fc.Arbitrary<Work[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('now', 'now', 'later', 'stream'),
    takes: fc.nat({ max: 2 }),
    after: fc.constantFrom(0, 0, 0, 0, 1),
    fails: dice(15),
  }),
  { maxLength: 30 },
);
const failsAtEnd = dice(4);
/** After so many results, at once or when something has happened meanwhile; mostly never. */
const leaves = fc.option(fc.nat({ max: 20 }), { freq: 2, nil: Number.POSITIVE_INFINITY });

/** The plans, and what their threads tell in shared memory. */
function planned(works: readonly Work[]) {
  const buffer = new SharedArrayBuffer(4 * (works.length + 2));
  const [cells, plans] = [new Int32Array(buffer), works.map((work, index) => ({ ...work, index, buffer }))];
  return { plans, running: () => cells[0], most: () => cells[1] as number, runs: () => [...cells.slice(2)] };
}

function sourceOf(plans: readonly Plan[], fails: boolean): Observable<Plan> {
  const values = from(plans).pipe(concatMap((plan) => (plan.after ? of(plan).pipe(delay(1)) : of(plan))));
  const end = throwError(() => new Error('sad'));
  return fails ? from([values, end]).pipe(concatMap((part) => part)) : values;
}

/** What came, until the end, or until it is left. What never ends fails as such, and is left: shrinking goes on. */
function record(stream: Observable<number>, leaveAfter: number) {
  return new Promise<{ seen: number[]; end: string }>((resolve) => {
    const seen: number[] = [];
    const over = (end: string): void => {
      clearTimeout(timer);
      resolve({ seen, end });
      setImmediate(() => subscription.unsubscribe());
    };
    const timer = setTimeout(over, 10_000, 'no end');
    const subscription = stream.subscribe({
      next: (value) => {
        if (seen.length < leaveAfter) seen.push(value);
        if (seen.length === leaveAfter) over('left');
      },
      error: (error) => over(String(error)),
      complete: () => over('complete'),
    });
    if (leaveAfter === 0) over('left');
  });
}

/** Everything there is before the first that fails. */
function model(
  works: readonly Work[],
  sourceFails: boolean,
  resultsOf: (work: Work, index: number) => number[],
) {
  const failed = works.findIndex(({ fails }) => fails);
  const good = failed < 0 ? works : works.slice(0, failed);
  const end = failed >= 0 ? `RangeError: no ${failed}` : sourceFails ? 'Error: sad' : 'complete';
  return { results: good.flatMap(resultsOf), end };
}

const twice = ({ kind }: Work, index: number) => (kind === 'stream' ? [index, index] : [index]);

it('threadMap is the sequential map, whatever comes', async () => {
  const concurrency = fc.integer({ min: 1, max: 6 });
  const batch = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      works,
      failsAtEnd,
      leaves,
      fc.record({ concurrency, batch, ordered: fc.boolean() }),
      async (works, sourceFails, leaveAfter, { concurrency, batch, ordered }) => {
        const { plans, running, most, runs } = planned(works);
        const options = { pool, concurrency, ordered, grace: 2000, ...(batch !== undefined && { batch }) };
        const mapped = sourceOf(plans, sourceFails).pipe(
          threadMap<Plan, number>(targets.map as never, options),
        );
        const { seen, end } = await record(mapped, leaveAfter);
        const all = works.flatMap(twice);
        const expected = model(works, sourceFails, twice);
        // An error of the source does not wait, nor one of a value, where there is no order.
        if (end === 'complete' || (ordered && end.startsWith('RangeError'))) {
          expect(end).toBe(expected.end);
          expect(ordered ? seen : seen.toSorted((a, b) => a - b)).toEqual(expected.results);
        } else if (ordered) expect(seen).toEqual(all.slice(0, seen.length));
        else expect(contains(all, seen)).toBe(true);
        expect(end).toMatch(endsOf(works, sourceFails, leaveAfter));
        expect(most()).toBeLessThanOrEqual(concurrency);
        expect(Math.max(0, ...runs())).toBeLessThanOrEqual(1);
        await untilWithin(10_000, () => pool.stats.busy + pool.stats.queued === 0);
        // What is left may end with its worker, in the middle.
        if (end === 'complete') expect(running()).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});

/** Whether there are all of `some` in `all`, as often. */
function contains(all: readonly number[], some: readonly number[]): boolean {
  const left = [...all];
  return some.every((one) => left.includes(one) && left.splice(left.indexOf(one), 1));
}

/** How it may end. */
function endsOf(works: readonly Work[], sourceFails: boolean, leaveAfter: number): RegExp {
  const ends = works.flatMap(({ fails }, index) => (fails ? [`RangeError: no ${index}`] : []));
  if (sourceFails) ends.push('Error: sad');
  if (leaveAfter < Number.POSITIVE_INFINITY) ends.push('left');
  if (!sourceFails && !works.some(({ fails }) => fails)) ends.push('complete');
  return new RegExp(`^(${ends.join('|')})$`);
}

it('threadPipe is the pipeline here, whatever comes', async () => {
  await fc.assert(
    fc.asyncProperty(works, failsAtEnd, leaves, async (works, sourceFails, leaveAfter) => {
      const { plans, running, most, runs } = planned(works);
      const piped = sourceOf(plans, sourceFails).pipe(threadPipe<Plan, number>(targets.sums as never));
      const { seen, end } = await record(piped, leaveAfter);
      const sumTo = (last: number) => (last * (last + 1)) / 2;
      const expected = model(works, sourceFails, (_, index) => [sumTo(index)]);
      expect(seen).toEqual(expected.results.slice(0, seen.length));
      expect(end).toMatch(endsOf(works, sourceFails, leaveAfter));
      if (end === 'complete' || end.startsWith('RangeError')) expect(seen).toEqual(expected.results);
      expect(most()).toBeLessThanOrEqual(1);
      expect(Math.max(0, ...runs())).toBeLessThanOrEqual(1);
      await untilWithin(10_000, () => activeCount() === 1);
      // What is left may end with its worker, in the middle.
      if (end === 'complete') expect(running()).toBe(0);
    }),
    { numRuns: 40 },
  );
});

it('runInThread is the stream of its target, whatever that does', async () => {
  await fc.assert(
    fc.asyncProperty(works, leaves, async (works, leaveAfter) => {
      const { plans, running, runs } = planned(works);
      const run = runInThread(targets.through, [plans]) as Observable<number>;
      const { seen, end } = await record(run, leaveAfter);
      const expected = model(works, false, (_, index) => [index]);
      if (end === 'left') expect(seen).toEqual(expected.results.slice(0, leaveAfter));
      else expect({ results: seen, end }).toEqual(expected);
      expect(Math.max(0, ...runs())).toBeLessThanOrEqual(1);
      await untilWithin(10_000, () => activeCount() === 1);
      // What is left may end with its worker, in the middle.
      if (end === 'complete') expect(running()).toBe(0);
    }),
    { numRuns: 40 },
  );
});
