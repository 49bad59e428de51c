import { readTime, writeTime } from '../memory/time.js';
import { type Cells, compareExchange, load, store } from '../memory/word.js';
import { clock } from './table.js';

/**
 * What has happened: a ring that every thread writes to while somebody looks, so that nobody waits for a reader. The
 * newest events are there, as many as it has places.
 *
 * A counter beside it gives each event its number; the nth has the place n % places, in round n / places. STATE of a place:
 *   0, or written in an earlier round -the writer of an event of this round-> being written in this round -the same-> written
 *   being written -anybody else-> stays: that event is dropped, as the place is another writer's, or of one killed with it
 * Invariant: what stands between two looks at the same "written in this round" was written by one writer. A writer that is
 * overtaken by a whole round drops its event.
 */
const STATE = 0;
const TIME = 1;
const FIELDS = 3;
/** Of a place. */
export const EVENT_WORDS = 8;

/** What is written of an event, besides its time. */
export type EventFields = readonly [ident: number, what: number, primitive: number, by: number];

/** Part of the memory that is a ring of so many places. */
export interface Ring {
  readonly cells: Cells;
  readonly from: number;
  readonly places: number;
}

/** Writes the nth event, unless its place is another writer's. */
export function writeAt({ cells, from, places }: Ring, n: number, fields: EventFields): void {
  const round = roundOf(n, places);
  const at = from + ((n >>> 0) % places) * EVENT_WORDS;
  const before = load(cells, at + STATE);
  if (isBeingWritten(before) || (before !== 0 && isLater(roundIn(before), round))) return;
  if (compareExchange(cells, at + STATE, before, beingWritten(round)) !== before) return;
  writeTime(cells, at + TIME, clock() * 1000);
  for (let field = 0; field < fields.length; field++)
    store(cells, at + FIELDS + field, fields[field] as number);
  store(cells, at + STATE, written(round));
}

/** An event, and its time in ms on the clock of all threads. */
export interface ReadEvent {
  readonly time: number;
  readonly fields: EventFields;
}

/** The nth event: null when it is lost, undefined while it is not there yet. */
export function readAt({ cells, from, places }: Ring, n: number): ReadEvent | null | undefined {
  const round = roundOf(n, places);
  const at = from + ((n >>> 0) % places) * EVENT_WORDS;
  const before = load(cells, at + STATE);
  if (before !== written(round)) return before !== 0 && isLater(roundIn(before), round) ? null : undefined;
  const time = readTime(cells, at + TIME) / 1000;
  const field = (index: number): number => load(cells, at + FIELDS + index);
  const fields = [field(0), field(1), field(2), field(3)] as const;
  return load(cells, at + STATE) === before ? { time, fields } : null;
}

/** The counter has 32 bits: with 65,536 places, it begins again after as many rounds. */
const ROUNDS = 0xffff;

function roundOf(n: number, places: number): number {
  return Math.floor((n >>> 0) / places) & ROUNDS;
}

function beingWritten(round: number): number {
  return 2 * round + 1;
}

function written(round: number): number {
  return 2 * round + 2;
}

function isBeingWritten(state: number): boolean {
  return (state & 1) === 1;
}

function roundIn(state: number): number {
  return (state - 1) >> 1;
}

function isLater(round: number, than: number): boolean {
  const by = (round - than) & ROUNDS;
  return by !== 0 && by <= ROUNDS >> 1;
}
