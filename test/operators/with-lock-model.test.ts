// withLock against a plain sequential model: no overlap, no loss, in order, everything released at the end.
import fc from 'fast-check';
import { defer, finalize, map, type Observable, of, switchMap, throwError, timer } from 'rxjs';
import { BoundedSemaphore, withLock } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { acquirables, isTaken } from '../support/acquirables.js';
import { happenings, type Said, type Timed } from '../support/virtual-time.js';

interface Work {
  /** When the value comes. */
  readonly at: number;
  /** How long its section takes. */
  readonly takes: number;
  readonly fails: boolean;
}

// All even; whoever leaves does at odd frames.
const work: fc.Arbitrary<Work> = fc.record({
  at: fc.nat({ max: 20 }).map((at) => at * 2),
  takes: fc.nat({ max: 4 }).map((takes) => takes * 2),
  fails: fc.nat({ max: 12 }).map((dice) => dice === 0),
});
const works = fc.array(work, { maxLength: 10 }).map((all) => all.toSorted((a, b) => a.at - b.at));
/** Mostly never. */
const leaves = fc.oneof(
  fc.constant(301),
  fc.nat({ max: 40 }).map((at) => at * 2 + 1),
);
const SOURCE_END = 82;

function timedWorks(all: readonly Work[]): Timed<{ index: number; work: Work }>[] {
  return all.map((work, index) => ({ at: work.at, value: { index, work } }));
}

function section(index: number, { takes, fails }: Work): Observable<number> {
  const end = fails ? throwError(() => index) : of(index);
  return takes === 0 ? end : timer(takes).pipe(switchMap(() => end));
}

describe.each(acquirables)('withLock over a %s', (_, make) => {
  it('does what a plain queue does, whatever comes when', () => {
    fc.assert(
      fc.property(works, leaves, (all, leaveAt) => {
        const lock = make();
        let running = 0;
        const inner = ({ index, work }: { index: number; work: Work }) =>
          defer(() => {
            expect(++running).toBe(1);
            expect(isTaken(lock)).toBe(true);
            return section(index, work).pipe(finalize(() => running--));
          });
        const said = happenings(({ play, record }) =>
          record(play(timedWorks(all), SOURCE_END).pipe(withLock(lock, inner)), leaveAt),
        );
        expect(said).toEqual(model(all).filter(([at]) => at < leaveAt));
        expect(running).toBe(0);
        expect(isTaken(lock)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});

function model(all: readonly Work[]): Said {
  const said: Said = [];
  let free = 0;
  for (const [index, { at, takes, fails }] of all.entries()) {
    free = Math.max(free, at) + takes;
    said.push([free, fails ? `error ${index}` : index]);
    if (fails) return said;
  }
  said.push([Math.max(free, SOURCE_END), 'complete']);
  return said;
}

it('shares permits among pipelines that fail and leave as they like', () => {
  const pipeline = fc.record({ all: works, leaveAt: leaves });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.array(pipeline, { maxLength: 4 }),
      (permits, pipelines) => {
        const semaphore = new BoundedSemaphore(permits);
        let running = 0;
        const said = happenings(({ play, record }) =>
          pipelines.map(({ all, leaveAt }) => {
            let last = -1;
            const inner = ({ index, work }: { index: number; work: Work }) =>
              defer(() => {
                expect(++running).toBeLessThanOrEqual(permits);
                expect(index).toBe(last + 1);
                last = index;
                return section(index, work).pipe(finalize(() => running--));
              });
            const timed = timedWorks(all);
            return record(play(timed, SOURCE_END).pipe(withLock(semaphore, inner), map(String)), leaveAt);
          }),
        );
        for (const [at, { all, leaveAt }] of pipelines.entries()) {
          if (leaveAt < 300 || all.some(({ fails }) => fails)) continue;
          const numbers = said[at]?.slice(0, -1).map(([, what]) => Number(what));
          expect(numbers?.toSorted((a, b) => a - b)).toEqual([...all.keys()]);
          expect(said[at]?.at(-1)?.[1]).toBe('complete');
        }
        expect(running).toBe(0);
        expect(semaphore.value).toBe(permits);
        expect(semaphore.waiting).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});
