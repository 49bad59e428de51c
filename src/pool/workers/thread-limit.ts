import { load, store } from '../../primitives/memory/word.js';
import { checkCount } from '../../primitives/options.js';
import { aliveIdents } from '../../primitives/threads/liveness.js';
import { OWN_WORKER, SLOTS, THREAD_LIMIT, table } from '../../primitives/threads/table.js';
import { flagsOf } from '../../primitives/threads/thread-slots.js';

/** About 2.5 GB: each worker takes 7 to 14 MB. */
const DEFAULT = 256;

/**
 * How many threads may live at once, each in a worker of its own, in the whole process; returns the limit before. Default
 * 256, because a worker takes 7 to 14 MB and 13 to 18 ms to start. One more is a ThreadError, ERR_NO_THREAD, of `start`.
 * Threads of a ThreadPool and Timers that still wait are not counted. Python leaves this limit to the system.
 *
 * @throws TypeError, RangeError: 1 to 4095
 * @example
 * const before = threadLimit(1000);
 * console.log(before, threadLimit()); // prints 256 1000
 */
export function threadLimit(limit?: number): number {
  const before = load(table, THREAD_LIMIT) || DEFAULT;
  if (limit !== undefined) store(table, THREAD_LIMIT, checkCount('limit', limit, 1, SLOTS - 1));
  return before;
}

/**
 * Called for a thread that needs a new worker, once it is itself among the living: one that finds an idle worker adds no
 * memory, and a look at all slots would cost it as much as its start.
 *
 * @throws RangeError
 */
export function checkThreadLimit(): void {
  const limit = threadLimit();
  const living = aliveIdents().filter((ident) => (flagsOf(ident) & OWN_WORKER) !== 0).length;
  if (living <= limit) return;
  throw new RangeError(
    `${limit} threads live, each in a worker of its own, and threadLimit() allows no more: a ThreadPool runs any number of ` +
      'jobs in a few workers',
  );
}
