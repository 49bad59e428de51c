// awaitEvent, awaitCondition, timerDelay and barrierZip against plain sequential models, in virtual time: random sources,
// delays, failures and unsubscriptions; no loss, in order, everything released at the end.
import fc from 'fast-check';
import { EMPTY, type Observable, zip } from 'rxjs';
import {
  awaitCondition,
  awaitEvent,
  Barrier,
  barrierZip,
  Condition,
  Event,
  Lock,
  RLock,
  timerDelay,
  withLock,
} from 'rxjs-threading';
import { expect, it } from 'vitest';
import { happenings, type Said, type Stage, type Timed } from '../support/virtual-time.js';

// Nothing happens at the same frame as something else: by remainders of 4, 0 is for values, 1 for what is in the way,
// 2 for the end of a source, 3 for leaving.
const frame = (remainder: number) => fc.nat({ max: 15 }).map((at) => at * 4 + remainder);
const inOrder = <T>(timed: Timed<T>[]) => timed.toSorted((a, b) => a.at - b.at);
const values = (most: number) =>
  fc
    .array(fc.record({ at: frame(0), value: fc.integer({ min: 1, max: most }) }), { maxLength: 10 })
    .map(inOrder);
const moves = <T>(move: fc.Arbitrary<T>) =>
  fc.array(fc.record({ at: frame(1), value: move }), { maxLength: 8 }).map(inOrder);
const NEVER = 1003;
const ending = fc.record({
  how: fc.constantFrom('complete', 'complete', 'error', 'never'),
  at: frame(2).map((at) => at + 20),
  leaveAt: fc.oneof(fc.constant(NEVER), frame(3)),
});
type Ending = typeof ending extends fc.Arbitrary<infer T> ? T : never;

/** A value's way: the frame at which it passes, or is dropped. Infinity: it stays. */
interface Fate {
  readonly value: unknown;
  readonly gone: number;
  readonly passes: boolean;
}

/** What is said of values with these fates, given how it ends. */
function told(fates: readonly Fate[], { how, at, leaveAt }: Ending): Said {
  const said: Said = fates
    .filter(({ gone, passes }) => passes && gone < Number.POSITIVE_INFINITY)
    .map(({ gone, value }) => [gone, value]);
  const done = Math.max(at, ...fates.map(({ gone }) => gone));
  if (how === 'complete' && done < Number.POSITIVE_INFINITY) said.push([done, 'complete']);
  const lasts = how === 'error' ? said.filter(([when]) => when < at) : said;
  if (how === 'error') lasts.push([at, 'error sad']);
  return lasts.filter(([when]) => when < leaveAt);
}

/** The source, as planned. */
function played<T>({ play }: Stage, timed: readonly Timed<T>[], { how, at }: Ending): Observable<T> {
  if (how === 'never') return play(timed);
  return play(timed, at, how === 'error' ? 'sad' : undefined);
}

/** Those that come before the source ends. */
function before<T>(timed: readonly Timed<T>[], { how, at }: Ending): readonly Timed<T>[] {
  return how === 'never' ? timed : timed.filter((one) => one.at < at);
}

it('awaitEvent is a plain gate, whatever comes when', () => {
  const mark = fc.constantFrom('set', 'clear', 'both');
  const keep = fc.constantFrom<'all' | number>('all', 0, 1, 2, 3);
  fc.assert(
    fc.property(values(9), moves(mark), keep, fc.boolean(), ending, (all, marks, keep, isSet, end) => {
      const event = new Event();
      if (isSet) event.set();
      const said = happenings((stage) => {
        stage.play(marks).subscribe((how) => {
          if (how !== 'clear') event.set();
          if (how !== 'set') event.clear();
        });
        return stage.record(played(stage, all, end).pipe(awaitEvent(event, { keep })), end.leaveAt);
      });
      const most = keep === 'all' ? Number.POSITIVE_INFINITY : keep;
      expect(said).toEqual(told(gateFates(before(all, end), marks, most, isSet), end));
      expect(event.waiting).toBe(0);
    }),
    { numRuns: 300 },
  );
});

function gateFates(
  all: readonly Timed<number>[],
  marks: readonly Timed<string>[],
  most: number,
  isSet: boolean,
): Fate[] {
  const fates: Fate[] = [];
  const waiting: number[] = [];
  let open = isSet;
  for (const { at, value } of [...all, ...marks].toSorted((a, b) => a.at - b.at)) {
    if (typeof value === 'number') {
      if (open) fates.push({ value, gone: at, passes: true });
      else waiting.push(value);
      while (waiting.length > most) fates.push({ value: waiting.shift(), gone: at, passes: false });
    } else {
      if (value !== 'clear')
        for (const one of waiting.splice(0)) fates.push({ value: one, gone: at, passes: true });
      open = value === 'set';
    }
  }
  for (const one of waiting) fates.push({ value: one, gone: Number.POSITIVE_INFINITY, passes: true });
  return fates;
}

it('awaitCondition is a plain counter, whatever comes when', () => {
  const some = fc.integer({ min: 1, max: 4 });
  const lockType = fc.constantFrom(Lock, RLock);
  fc.assert(
    fc.property(lockType, values(4), moves(some), ending, (LockType, orders, deliveries, end) => {
      const condition = new Condition(new LockType());
      let goods = 0;
      const put = (count: number) => {
        goods += count;
        condition.notifyAll();
        return EMPTY;
      };
      const take = (count: number): boolean => {
        expect(condition.locked()).toBe(true);
        if (goods < count) return false;
        goods -= count;
        return true;
      };
      const said = happenings((stage) => {
        stage.play(deliveries).pipe(withLock(condition, put)).subscribe();
        return stage.record(played(stage, orders, end).pipe(awaitCondition(condition, take)), end.leaveAt);
      });
      expect(said).toEqual(told(counterFates(before(orders, end), deliveries), end));
      expect(condition.waiting + condition.lock.waiting).toBe(0);
      expect(condition.locked()).toBe(false);
    }),
    { numRuns: 200 },
  );
});

function counterFates(orders: readonly Timed<number>[], deliveries: readonly Timed<number>[]): Fate[] {
  const fates: Fate[] = [];
  let stock = deliveries;
  let now = 0;
  for (const { at, value } of orders) {
    now = Math.max(now, at);
    let needed = value;
    const missing = () => needed - stock.reduce((sum, one) => sum + (one.at <= now ? one.value : 0), 0);
    while (missing() > 0 && now < Number.POSITIVE_INFINITY)
      now = stock.find((one) => one.at > now)?.at ?? Number.POSITIVE_INFINITY;
    fates.push({ value, gone: now, passes: true });
    stock = stock.map((one) => {
      const taken = one.at <= now ? Math.min(one.value, needed) : 0;
      needed -= taken;
      return { at: one.at, value: one.value - taken };
    });
  }
  return fates;
}

it('timerDelay is a delay with a cancel that drops, whatever comes when', () => {
  const mark = fc.constantFrom('set', 'clear', 'both');
  const interval = fc.nat({ max: 6 }).map((quarter) => quarter * 4);
  fc.assert(
    fc.property(values(9), moves(mark), interval, ending, (all, marks, interval, end) => {
      const cancel = new Event();
      const said = happenings((stage) => {
        stage.play(marks).subscribe((how) => {
          if (how !== 'clear') cancel.set();
          if (how !== 'set') cancel.clear();
        });
        const delayed = played(stage, all, end).pipe(timerDelay(interval, { cancel }));
        return stage.record(delayed, end.leaveAt);
      });
      const fates = before(all, end).map(({ at, value }): Fate => {
        if (marks.findLast((move) => move.at < at)?.value === 'set')
          return { value, gone: at, passes: false };
        const drop = marks.find((move) => move.at > at && move.value !== 'clear');
        if (drop !== undefined && drop.at < at + interval) return { value, gone: drop.at, passes: false };
        return { value, gone: at + interval, passes: true };
      });
      expect(said).toEqual(told(fates, end));
      expect(cancel.waiting).toBe(0);
    }),
    { numRuns: 300 },
  );
});

it("barrierZip is RxJS's zip when nobody else comes to the barrier, whatever comes when", () => {
  const stream = fc.record({ all: values(9), end: ending });
  fc.assert(
    fc.property(fc.array(stream, { minLength: 1, maxLength: 4 }), frame(3), (streams, leaveAt) => {
      const barrier = new Barrier(streams.length);
      const [ours, theirs] = happenings((stage) => {
        const sources = streams.map(({ all, end }) => played(stage, all, end));
        const [first, ...others] = sources as [Observable<number>, ...Observable<number>[]];
        const zipped = first.pipe(barrierZip(barrier, ...others));
        return [stage.record(zipped, leaveAt), stage.record(zip(sources), leaveAt)];
      });
      expect(ours).toEqual(theirs);
      expect(barrier.nWaiting).toBe(0);
      expect(barrier.broken).toBe(false);
    }),
    { numRuns: 300 },
  );
});
