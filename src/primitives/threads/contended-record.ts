import { RECORD } from '../memory/layout.js';
import { type Cells, compareExchange, load, store } from '../memory/word.js';

/**
 * Which record of a shared table tells of a primitive. Records are taken one after the other, and never given back.
 *
 * RECORD of the primitive: 0 -any thread that waits-> the number of a record that this thread has taken and filled, or NONE
 *   where all are taken
 * ID of a record: 0 -who took it, or whoever finds its number in the RECORD of that primitive-> the primitive's
 * Invariant: whose ID a record has, that one's RECORD has its number. A record whose taker lost to another has the ID 0, and
 * tells of nothing.
 */
const NONE = -1;
/** The first word of a record. */
export const ID = 0;

/** A table of records. */
export interface Records {
  readonly cells: Cells;
  readonly from: number;
  /** How many records there are, and how many words each has. */
  readonly most: number;
  readonly words: number;
  /** Takes the next number, from 1 up. */
  next(): number;
}

/** A primitive that may have one. */
export interface Recorded {
  readonly id: number;
  readonly cells: Cells;
}

/**
 * Where the primitive's record is, which this takes where there is none; -1: all are taken.
 *
 * @param fill - writes all but ID of a record that nobody has read yet
 */
export function recordFor<P extends Recorded>(
  primitive: P,
  records: Records,
  fill: (primitive: P, at: number) => void,
): number {
  const { id, cells } = primitive;
  for (;;) {
    const number = load(cells, RECORD);
    if (number === NONE) return -1;
    if (number !== 0) {
      const at = placeOf(records, number);
      // Who took it may have been killed before it wrote that.
      if (load(records.cells, at + ID) !== id) store(records.cells, at + ID, id);
      return at;
    }
    const mine = records.next();
    if (mine <= records.most) fill(primitive, placeOf(records, mine));
    compareExchange(cells, RECORD, 0, mine <= records.most ? mine : NONE);
  }
}

/** Where the primitive's record is; -1: it has none. */
export function foundRecord(primitive: Cells, records: Records): number {
  const number = load(primitive, RECORD);
  return number > 0 ? placeOf(records, number) : -1;
}

function placeOf({ from, words }: Records, number: number): number {
  return from + (number - 1) * words;
}
