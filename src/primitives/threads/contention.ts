import { addToCounter, COUNTER_WORDS, readCounter } from '../memory/counter.js';
import {
  addToBuckets,
  addToSum,
  BUCKETS_WORDS,
  type Measured,
  microseconds,
  readBuckets,
  readSum,
  SUM_WORDS,
} from '../memory/histogram.js';
import { FACTS } from '../memory/layout.js';
import { fittingText, readText, writeText } from '../memory/text.js';
import { add, type Cells, compareExchange, load, or, peek, store } from '../memory/word.js';
import { foundRecord, ID, type Records, recordFor } from './contended-record.js';
import {
  CONTENDED,
  CONTENDED_WORDS,
  HISTOGRAMS,
  MOST_CONTENDED,
  MOST_HISTOGRAMS,
  reserve,
  reserved,
} from './reserve.js';
import { CONTENDED_COUNT, HISTOGRAM_COUNT, table } from './table.js';

/*
 * What became of the waits for each primitive, in memory that any thread can read: how many, how long, how they ended. A
 * primitive has a record from its first wait on (contended-record.ts), and a histogram from its fifth: so a program that has
 * a lock for each of thousands of things keeps little of those that were waited for once.
 */
export const KINDS = [
  'Lock',
  'RLock',
  'Condition',
  'Semaphore',
  'BoundedSemaphore',
  'Event',
  'Barrier',
] as const;
export type PrimitiveKind = (typeof KINDS)[number];

// FACTS of a primitive, in its own cells: bits that are never taken back.
/** The program gave it its name. */
export const NAMED = 1;
/** A thread has released the Lock that was not its owner: it serves as a signal. */
export const SIGNALLED = 2;
/** It has been taken by `hold`, `holdSync` or `withLock`, which releases it in the same place. */
export const HELD = 4;
/** Its owner has released it, while others waited. */
export const RETURNED = 8;

// A record, after its ID.
const KIND = 1;
const FACTS_TOLD = 2;
const WAITS = 3;
const TIMEOUTS = WAITS + SUM_WORDS;
const DEATHS: number = TIMEOUTS + COUNTER_WORDS;
const HISTOGRAM: number = DEATHS + COUNTER_WORDS;
const HOLDS: number = HISTOGRAM + 1;
const HOLD_HISTOGRAM = HOLDS + SUM_WORDS;
/** The first waits, in µs: those are in no histogram. */
const FIRST = HOLD_HISTOGRAM + 1;
const FIRST_WORDS = 4;
const NAME = FIRST + FIRST_WORDS;
const NAME_WORDS = CONTENDED_WORDS - NAME;

/** A primitive that is waited for. */
export interface Contended {
  readonly id: number;
  readonly name: string;
  readonly cells: Cells;
  readonly primitiveKind: PrimitiveKind;
}

/** 2^31, as a word has it. */
const MOST_COUNTED = -(2 ** 31);

let records: Records | undefined;

function recordsIn(cells: Cells): Records {
  if (records?.cells !== cells)
    records = { cells, from: CONTENDED, most: MOST_CONTENDED, words: CONTENDED_WORDS, next: nextNumber };
  return records;
}

function nextNumber(): number {
  const next = add(table, CONTENDED_COUNT, 1) + 1;
  if (next > 0) return next;
  // Stays there, as from 2^32 on the first records would be taken again.
  store(table, CONTENDED_COUNT, MOST_COUNTED);
  return Number.POSITIVE_INFINITY;
}

/** Called as a wait for it begins: from here on it is listed. Returns where its record is, for the calls below; -1: none. */
export function contended(on: Contended): number {
  const cells = reserve();
  const at = recordFor(on, recordsIn(cells), fill);
  const facts = peek(on.cells, FACTS);
  if (at >= 0 && peek(cells, at + FACTS_TOLD) !== facts) or(cells, at + FACTS_TOLD, facts);
  return at;
}

function fill({ primitiveKind, name }: Contended, at: number): void {
  const cells = reserve();
  store(cells, at + KIND, KINDS.indexOf(primitiveKind));
  writeText(cells, at + NAME, NAME_WORDS, name);
}

/** A wait is over, after so many ms. */
export function waited(at: number, ms: number, timedOut: boolean): void {
  const cells = reserve();
  const us = microseconds(ms);
  const nth = addToSum(cells, at + WAITS, us);
  if (nth < FIRST_WORDS) store(cells, at + FIRST + nth, us);
  else addToHistogram(cells, at + HISTOGRAM, us);
  if (timedOut) addToCounter(cells, at + TIMEOUTS, 1);
}

/** It was held for so many ms. */
export function heldFor(at: number, ms: number): void {
  if (at < 0) return;
  const cells = reserve();
  const us = microseconds(ms);
  addToSum(cells, at + HOLDS, us);
  addToHistogram(cells, at + HOLD_HISTOGRAM, us);
}

/** An owner was found dead. */
export function ownerDied(at: number): void {
  if (at >= 0) addToCounter(reserve(), at + DEATHS, 1);
}

function addToHistogram(cells: Cells, cell: number, us: number): void {
  const histogram = load(cells, cell) || takeHistogram(cells, cell);
  if (histogram > 0) addToBuckets(cells, HISTOGRAMS + (histogram - 1) * BUCKETS_WORDS, us);
}

/** The number of the histogram that belongs there; -1: there is none left. */
function takeHistogram(cells: Cells, cell: number): number {
  const next = add(table, HISTOGRAM_COUNT, 1) + 1;
  const mine = next >= 1 && next <= MOST_HISTOGRAMS ? next : -1;
  if (mine < 0) store(table, HISTOGRAM_COUNT, MOST_HISTOGRAMS);
  const before = compareExchange(cells, cell, 0, mine);
  // Another thread was first; ours is nobody's.
  return before === 0 ? mine : before;
}

/** Notes a fact of the primitive, for good. A plain load where it is known already. */
export function noteFact(primitive: Cells, fact: number): void {
  if ((peek(primitive, FACTS) & fact) !== 0) return;
  or(primitive, FACTS, fact);
  const cells = reserved();
  const at = cells === null ? -1 : foundRecord(primitive, recordsIn(cells));
  if (cells !== null && at >= 0) or(cells, at + FACTS_TOLD, fact);
}

/** A primitive's name as its record would have it, so that it is called the same before. */
export function recordedName(name: string): string {
  return fittingText(NAME_WORDS, name);
}

/** What is known of a primitive that was waited for. */
export interface PrimitiveFacts {
  readonly id: number;
  readonly kind: PrimitiveKind;
  readonly name: string;
  /** Whether the program gave it its name. */
  readonly named: boolean;
  /** A thread has released the Lock that was not its owner. */
  readonly signalled: boolean;
  /** It has been taken by `hold`, `holdSync` or `withLock`. */
  readonly heldByHolder: boolean;
  /** Its owner has released it while others waited. */
  readonly returned: boolean;
  readonly timeouts: number;
  readonly ownerDeaths: number;
  /** The waits that are over, however they ended. */
  readonly wait: Measured;
  /** How long it was held, of what was measured while somebody looked at all; null: nobody has. */
  readonly held: Measured | null;
}

/**
 * The primitives that were waited for, as far as there is room: for 65,536.
 *
 * @param wanted - which of them, by `id`; default: all
 */
export function contendedPrimitives(wanted?: ReadonlySet<number>): PrimitiveFacts[] {
  const cells = reserved();
  const found: PrimitiveFacts[] = [];
  const most = Math.min(contendedCount(), MOST_CONTENDED);
  for (let nth = 0; cells !== null && nth < most; nth++) {
    const at = CONTENDED + nth * CONTENDED_WORDS;
    const id = load(cells, at + ID);
    if (id !== 0 && wanted?.has(id) !== false) found.push(factsAt(cells, at, id));
  }
  return found;
}

/** How many are left out. */
export function primitivesLeftOut(): number {
  return Math.max(0, contendedCount() - MOST_CONTENDED);
}

function contendedCount(): number {
  return load(table, CONTENDED_COUNT) >>> 0;
}

/** Of one primitive, by its cells; undefined: it was not waited for. */
export function factsOf(primitive: Cells, id: number): PrimitiveFacts | undefined {
  const cells = reserved();
  const at = cells === null ? -1 : foundRecord(primitive, recordsIn(cells));
  return cells === null || at < 0 ? undefined : factsAt(cells, at, id);
}

function factsAt(cells: Cells, at: number, id: number): PrimitiveFacts {
  const facts = load(cells, at + FACTS_TOLD);
  const sum = readSum(cells, at + WAITS);
  const first = Array.from(
    { length: Math.min(sum.count, FIRST_WORDS) },
    (_, nth) => load(cells, at + FIRST + nth) >>> 0,
  );
  const holds = readSum(cells, at + HOLDS);
  return {
    id,
    kind: KINDS[load(cells, at + KIND)] as PrimitiveKind,
    name: readText(cells, at + NAME),
    named: (facts & NAMED) !== 0,
    signalled: (facts & SIGNALLED) !== 0,
    heldByHolder: (facts & HELD) !== 0,
    returned: (facts & RETURNED) !== 0,
    timeouts: readCounter(cells, at + TIMEOUTS),
    ownerDeaths: readCounter(cells, at + DEATHS),
    wait: { ...sum, buckets: readBuckets(cells, histogramAt(cells, at + HISTOGRAM), first) },
    held:
      holds.count === 0
        ? null
        : { ...holds, buckets: readBuckets(cells, histogramAt(cells, at + HOLD_HISTOGRAM)) },
  };
}

/** 0: none. */
function histogramAt(cells: Cells, cell: number): number {
  const histogram = load(cells, cell);
  return histogram > 0 ? HISTOGRAMS + (histogram - 1) * BUCKETS_WORDS : 0;
}
