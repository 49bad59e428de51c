import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COUNTER_WORDS } from '../../../src/primitives/memory/counter.js';
import {
  addToBuckets,
  addToSum,
  BUCKETS_WORDS,
  bucketOf,
  measureAlone,
  microseconds,
  percentileOf,
  readBuckets,
  readSum,
  SUM_WORDS,
  upperEnd,
} from '../../../src/primitives/memory/histogram.js';
import { allocate } from '../../../src/primitives/memory/word.js';

const durations = fc.oneof(fc.nat(100), fc.nat(100_000), fc.integer({ min: 0, max: 2 ** 32 - 1 }));

describe('the buckets of durations', () => {
  it('follow each other without a gap, and are 12 % wide at most', () => {
    let before = -1;
    for (let bucket = 0; bucket < BUCKETS_WORDS / COUNTER_WORDS; bucket++) {
      const end = upperEnd(bucket);
      expect(end).toBeGreaterThan(before);
      expect([bucketOf(before + 1), bucketOf(end)]).toEqual([bucket, bucket]);
      expect((end - before - 1) / (before + 1 || 1)).toBeLessThanOrEqual(1 / 8);
      before = end;
    }
    expect(before).toBe(2 ** 32 - 1);
  });

  it.each([
    [-1, 0],
    [0.0004, 0],
    [1.5, 1500],
    [1e12, 2 ** 32 - 1],
  ])('%d ms are %d µs', (ms, us) => {
    expect(microseconds(ms)).toBe(us);
  });

  it('count, add up and order whatever comes, as by hand', () => {
    fc.assert(
      fc.property(
        fc.array(durations, { maxLength: 50 }),
        fc.array(durations, { maxLength: 4 }),
        (counted, more) => {
          const cells = allocate(1 + SUM_WORDS + BUCKETS_WORDS);
          const sums = allocate(SUM_WORDS);
          for (const us of counted) measureAlone(cells, 1, us);
          counted.forEach((us, nth) => {
            expect(addToSum(sums, 0, us)).toBe(nth);
          });
          const sum = counted.reduce((total, us) => total + us, 0) / 1000;
          const expected = { count: counted.length, total: sum, max: Math.max(0, ...counted) / 1000 };
          expect(readSum(cells, 1)).toEqual(expected);
          expect(readSum(sums, 0)).toEqual(expected);
          const buckets = readBuckets(cells, 1 + SUM_WORDS, more);
          const all = [...counted, ...more].sort((a, b) => a - b);
          expect(buckets.flatMap(({ upTo, count }) => Array(count).fill(bucketOf(upTo * 1000)))).toEqual(
            all.map(bucketOf),
          );
          const max = (all.at(-1) ?? 0) / 1000;
          for (const percent of [1, 50, 99, 100]) {
            const exact = (all[Math.ceil((all.length * percent) / 100) - 1] ?? 0) / 1000;
            const told = percentileOf({ count: all.length, total: 0, max, buckets }, percent);
            expect(told).toBeGreaterThanOrEqual(exact);
            expect(told).toBeLessThanOrEqual(exact * 1.125 + 0.001);
          }
        },
      ),
    );
  });

  it('count past 2^32, alone and together, as after weeks of a thousand a second', () => {
    const alone = allocate(1 + SUM_WORDS + BUCKETS_WORDS);
    const [sums, buckets] = [allocate(SUM_WORDS), allocate(1 + BUCKETS_WORDS)];
    const ms = 0.005;
    // What a word holds before its last step.
    for (const cell of [1, 1 + SUM_WORDS + 5 * COUNTER_WORDS]) alone[cell] = -2;
    sums[0] = -2;
    buckets[1 + 5 * COUNTER_WORDS] = -2;
    for (const nth of [2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32]) {
      measureAlone(alone, 1, microseconds(ms));
      expect(addToSum(sums, 0, microseconds(ms))).toBe(nth);
      addToBuckets(buckets, 1, microseconds(ms));
    }
    const count = 2 ** 32 + 1;
    expect([readSum(alone, 1).count, readSum(sums, 0).count]).toEqual([count, count]);
    const told = [readBuckets(alone, 1 + SUM_WORDS), readBuckets(buckets, 1)];
    expect(told).toEqual([[{ upTo: ms, count }], [{ upTo: ms, count }]]);
  });
});
