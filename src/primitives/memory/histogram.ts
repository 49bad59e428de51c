import { addAlone, addToCounter, COUNTER_WORDS, readCounter } from './counter.js';
import { type Cells, compareExchange, load, peek } from './word.js';

/**
 * How long things took, in whole µs, in a few words of shared memory that any thread can read: how many, their sum, the
 * longest, and how many of each length. Lengths are told apart by 12 %: a bucket for each up to 7 µs, then eight for each
 * power of two, up to 71 minutes; what is longer counts as that.
 */
const BUCKETS = 240;
/** The buckets, without a sum. */
export const BUCKETS_WORDS: number = BUCKETS * COUNTER_WORDS;

const COUNT = 0;
const TOTAL: number = COUNT + COUNTER_WORDS;
const MAX: number = TOTAL + COUNTER_WORDS;
/** Of a sum, without the buckets. */
export const SUM_WORDS: number = MAX + 1;

/** What was measured. All in ms. */
export interface Measured {
  readonly count: number;
  readonly total: number;
  readonly max: number;
  /** How many took longer than the limit before and at most this one, in ascending order; those of 0 are left out. */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[];
}

export const NOTHING_MEASURED: Measured = { count: 0, total: 0, max: 0, buckets: [] };

const MOST_US = 2 ** 32 - 1;

/** A duration in ms as whole µs, of 32 bits. */
export function microseconds(ms: number): number {
  return Math.min(MOST_US, Math.max(0, Math.round(ms * 1000)));
}

/** The bucket of a duration in µs. */
export function bucketOf(us: number): number {
  if (us < 8) return us;
  const octave = 31 - Math.clz32(us);
  return (octave - 2) * 8 + ((us >>> (octave - 3)) & 7);
}

/** The longest duration of a bucket, in µs. */
export function upperEnd(bucket: number): number {
  if (bucket < 8) return bucket;
  const octave = (bucket >> 3) + 2;
  return 2 ** octave + ((bucket & 7) + 1) * 2 ** (octave - 3) - 1;
}

/** Adds one to count, sum and maximum; returns how many there had been. Any thread may, at any time. */
export function addToSum(cells: Cells, at: number, us: number): number {
  // Before the count: who reads a count finds a sum that has at least as much in it.
  addToCounter(cells, at + TOTAL, us);
  for (let seen = load(cells, at + MAX); seen >>> 0 < us; seen = load(cells, at + MAX))
    if (compareExchange(cells, at + MAX, seen, us | 0) === seen) break;
  return addToCounter(cells, at + COUNT, 1);
}

/** Adds one to the bucket of a duration. Any thread may, at any time. */
export function addToBuckets(cells: Cells, at: number, us: number): void {
  addToCounter(cells, at + bucketOf(us) * COUNTER_WORDS, 1);
}

/** Both, of buckets that follow their sum, where one thread alone writes: a tenth of the time. */
export function measureAlone(cells: Cells, at: number, us: number): void {
  addAlone(cells, at + TOTAL, us);
  if (peek(cells, at + MAX) >>> 0 < us) cells[at + MAX] = us | 0;
  addAlone(cells, at + SUM_WORDS + bucketOf(us) * COUNTER_WORDS, 1);
  addAlone(cells, at + COUNT, 1);
}

export function readSum(cells: Cells, at: number): { count: number; total: number; max: number } {
  const total = readCounter(cells, at + TOTAL) / 1000;
  return { count: readCounter(cells, at + COUNT), total, max: (load(cells, at + MAX) >>> 0) / 1000 };
}

/** @param more - durations in µs that are in no bucket of the cells */
export function readBuckets(cells: Cells, at: number, more: readonly number[] = []): Measured['buckets'] {
  const counts = new Map<number, number>();
  for (let bucket = 0; bucket < BUCKETS && at > 0; bucket++) {
    const count = readCounter(cells, at + bucket * COUNTER_WORDS);
    if (count !== 0) counts.set(bucket, count);
  }
  for (const us of more) counts.set(bucketOf(us), (counts.get(bucketOf(us)) ?? 0) + 1);
  const buckets: { upTo: number; count: number }[] = [];
  for (const [bucket, count] of [...counts].sort(([a], [b]) => a - b))
    buckets.push({ upTo: upperEnd(bucket) / 1000, count });
  return buckets;
}

/** What that share of the durations did not exceed, in ms, 12 % more at most; 0 when there are none. */
export function percentileOf({ buckets, max }: Measured, percent: number): number {
  const all = buckets.reduce((sum, { count }) => sum + count, 0);
  let left = Math.ceil((all * percent) / 100);
  for (const { upTo, count } of buckets) {
    left -= count;
    if (left <= 0) return Math.min(upTo, max);
  }
  return 0;
}
