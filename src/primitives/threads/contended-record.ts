import { RECORD } from '../memory/layout.js';
import { type Cells, compareExchange, load, store } from '../memory/word.js';

/**
 * Which record of a shared table tells of a primitive. Records are taken one after the other, and round and round: the
 * one that was taken longest ago goes to another primitive, which then has nothing of it.
 *
 * RECORD of the primitive: 0, or the number of a record that is another's by now -any thread that waits-> the number of one
 *   that this thread has taken
 * NUMBER of a record: that of whoever took it last.
 * ID: 0 -who took it, or whoever finds its number in the RECORD of that primitive-> the primitive's
 * Invariant: whose ID a record has, that one's RECORD has its NUMBER; a record whose taker lost to another, or was killed, has
 * the ID 0, and tells of nothing until it is taken again. Where a thread is killed as it takes a record from another primitive
 * that is waited for this moment, the record may have that one's ID until somebody waits for its own.
 */
const NUMBER = 0;
export const ID = 1;

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

/**
 * Where the primitive's record is, which this takes where there is none.
 *
 * @param primitive - its cells
 * @param fill - writes all but NUMBER and ID of a record that nobody has read yet
 */
export function recordFor(
  primitive: Cells,
  id: number,
  records: Records,
  fill: (at: number) => void,
): number {
  for (;;) {
    const before = load(primitive, RECORD);
    if (before !== 0) {
      const at = placeOf(records, before);
      const told = load(records.cells, at + ID);
      // Looked at after ID, because the record may be going to another primitive this moment.
      if (load(records.cells, at + NUMBER) === before) {
        // Who took it may have been killed before it wrote that.
        if (told !== id) compareExchange(records.cells, at + ID, told, id);
        return at;
      }
    }
    const mine = records.next();
    const at = placeOf(records, mine);
    store(records.cells, at + ID, 0);
    store(records.cells, at + NUMBER, mine);
    fill(at);
    if (compareExchange(primitive, RECORD, before, mine) === before) store(records.cells, at + ID, id);
  }
}

/** Where the primitive's record is; -1: it has none, or no longer. */
export function foundRecord(primitive: Cells, { cells, from, most, words }: Records): number {
  const number = load(primitive, RECORD);
  const at = placeOf({ from, most, words }, number);
  return number !== 0 && load(cells, at + NUMBER) === number ? at : -1;
}

function placeOf({ from, most, words }: Pick<Records, 'from' | 'most' | 'words'>, number: number): number {
  return from + ((number - 1) % most) * words;
}
