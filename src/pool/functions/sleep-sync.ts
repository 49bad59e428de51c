import { load, park } from '../../primitives/memory/word.js';
import { show, TIMEOUT_MAX } from '../../primitives/options.js';
import { throwIfCancelled } from '../../primitives/threads/cancel-flag.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { CANCEL, clock, slotOf, table } from '../../primitives/threads/table.js';
import { noteSleep } from '../../primitives/threads/thread-notes.js';

/**
 * Blocks the calling thread for so many ms. Source: CPython, `time.sleep`, which takes seconds.
 *
 * @throws TypeError when no number; RangeError when negative, NaN or above TIMEOUT_MAX; the reason when the thread is
 * cancelled
 * @example
 * const before = performance.now();
 * sleepSync(100);
 * console.log(performance.now() - before >= 99); // prints true
 */
export function sleepSync(ms: number): void {
  if (typeof ms !== 'number') throw new TypeError(`sleepSync takes a number of ms, got ${show(ms)}`);
  if (!(ms >= 0 && ms <= TIMEOUT_MAX))
    throw new RangeError(`sleepSync takes 0 to ${TIMEOUT_MAX} ms, got ${ms}`);
  const since = clock();
  const deadline = since + ms;
  const ident = getIdent();
  const cell = slotOf(ident) + CANCEL;
  noteSleep(ident, since, deadline);
  try {
    sleep(cell, ms, deadline);
  } finally {
    noteSleep(ident, 0, 0);
  }
}

function sleep(cell: number, ms: number, deadline: number): void {
  for (let left = ms; left > 0; left = deadline - clock()) {
    // Read before it is looked at: a cancel after that changes the word, and is not slept through.
    const seen = load(table, cell);
    throwIfCancelled();
    park(table, cell, seen, left);
  }
  throwIfCancelled();
}
