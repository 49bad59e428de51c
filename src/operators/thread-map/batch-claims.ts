import { type Cells, compareExchange, exchange, load } from '../../primitives/memory/word.js';

/**
 * A batch's word says how many of its values have been taken up, so that those that wait behind a slow one can be
 * taken back and given to another worker.
 *
 * n -the worker, as it takes value n up-> n + 1;  any n -who sent the batch-> TAKEN_BACK
 * Invariant: a value belongs to the worker once the word is past it, and otherwise to who sent it.
 */
const TAKEN_BACK = -1;

/** Called before a new batch is sent. */
export function offer(cells: Cells, cell: number): void {
  exchange(cells, cell, 0);
}

/** Called by the worker. false: the value has been taken back, with all that follow. */
export function claim(cells: Cells, cell: number, at: number): boolean {
  return compareExchange(cells, cell, at, at + 1) === at;
}

/** How many values the worker has taken up; below 0 after `takeBack`. */
export function claimed(cells: Cells, cell: number): number {
  return load(cells, cell);
}

/** Returns how many values the worker has taken up; it can take up no more. Below 0: it was called before. */
export function takeBack(cells: Cells, cell: number): number {
  return exchange(cells, cell, TAKEN_BACK);
}
