import { BUCKETS_WORDS, SUM_WORDS } from '../memory/histogram.js';
import { type Cells, grow, wholeOf } from '../memory/word.js';
import { EVENT_WORDS } from './event-ring.js';
import { TABLE_WORDS, table } from './table.js';

/*
 * What is kept for who looks from outside, a monitor above all, in the memory behind the table of threads: so it is found
 * wherever the table is, and while every event loop is blocked. It costs address space alone until somebody writes to it.
 */

/** Of a ThreadPool: pool-records.ts. */
export const POOL_WORDS = 1016;
export const MOST_POOLS = 256;
export const POOLS: number = TABLE_WORDS;
/** Names of targets, places in the code: strings.ts. */
export const STRING_WORDS = 64;
export const MOST_STRINGS = 8192;
export const STRINGS: number = POOLS + MOST_POOLS * POOL_WORDS;
/** What has happened: events.ts. */
export const MOST_EVENTS: number = 1 << 16;
export const RING: number = STRINGS + MOST_STRINGS * STRING_WORDS;
/** Of a primitive that was waited for: contention.ts. */
export const CONTENDED_WORDS = 52;
export const MOST_CONTENDED: number = 1 << 16;
export const CONTENDED: number = RING + MOST_EVENTS * EVENT_WORDS;
/** Where contention.ts counts durations by their length. */
export const MOST_HISTOGRAMS: number = 1 << 14;
export const HISTOGRAMS: number = CONTENDED + MOST_CONTENDED * CONTENDED_WORDS;
/** Of a primitive that was waited for, and a place in the code: contended-sites.ts. */
export const SITE_WORDS: number = 1 + SUM_WORDS;
export const MOST_SITES: number = 1 << 13;
export const SITES: number = HISTOGRAMS + MOST_HISTOGRAMS * BUCKETS_WORDS;
export const RESERVE_END: number = SITES + MOST_SITES * SITE_WORDS;

let whole: Cells = table;
/** Whose memory `whole` is: a worker may join another table. */
let of: Cells = table;

/** All of it, from the table's beginning. */
export function reserve(): Cells {
  if (reserved() === null) grow(table, RESERVE_END);
  return reserved() ?? table;
}

/** The same for who only reads; null: nobody has written any of it yet. */
export function reserved(): Cells | null {
  if (of !== table) whole = of = table;
  if (whole.length < RESERVE_END) whole = wholeOf(table);
  return whole.length < RESERVE_END ? null : whole;
}
