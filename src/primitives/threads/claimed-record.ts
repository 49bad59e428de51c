import { type Cells, compareExchange, load, store } from '../memory/word.js';
import { isAlive } from './liveness.js';

/**
 * A record of a shared table, which a thread takes, fills and gives back. Its first word, TAKER:
 *   FREE -any thread-> -ident, while that thread fills it -the same-> ident -the same-> FREE
 *   -ident or ident of a dead thread -any thread-> -ident of its own
 * Invariant: only the thread that TAKER names writes to the record, and it counts only while TAKER is the ident of a live
 * thread; so whatever counts was filled by whom it belongs to, and the dead have no records.
 */
const TAKER = 0;
const FREE = 0;

/** Takes a record to fill it. false when a live thread has it, or was faster. */
export function takeRecord(cells: Cells, at: number, me: number): boolean {
  const taker = load(cells, at + TAKER);
  if (taker !== FREE && isAlive(Math.abs(taker))) return false;
  return compareExchange(cells, at + TAKER, taker, -me) === taker;
}

/** Takes the record of a dead thread, with all that it has written. false when somebody else was faster. */
export function takeRecordOf(cells: Cells, at: number, dead: number, me: number): boolean {
  return compareExchange(cells, at + TAKER, dead, -me) === dead;
}

/** Called once the record is filled: from here on it counts. */
export function publishRecord(cells: Cells, at: number, me: number): void {
  store(cells, at + TAKER, me);
}

/** Nothing happens when the thread has ended, and the record is another's by now. */
export function giveRecordBack(cells: Cells, at: number, me: number): void {
  compareExchange(cells, at + TAKER, me, FREE);
}

/**
 * What `read` makes of a record and the `ident` of the live thread that it belongs to. undefined: it does not count, or it
 * has become another thread's meanwhile.
 */
export function readRecord<T>(cells: Cells, at: number, read: (ident: number) => T): T | undefined {
  const taker = load(cells, at + TAKER);
  if (taker <= 0 || !isAlive(taker)) return undefined;
  const found = read(taker);
  return load(cells, at + TAKER) === taker ? found : undefined;
}
