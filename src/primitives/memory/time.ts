import { type Cells, load, store } from './word.js';

/** A time in whole ms or µs, in two words: those of one are used up after 50 days, or 71 minutes. */
export function writeTime(cells: Cells, at: number, time: number): void {
  store(cells, at, time);
  store(cells, at + 1, time / 2 ** 32);
}

export function readTime(cells: Cells, at: number): number {
  return load(cells, at + 1) * 2 ** 32 + (load(cells, at) >>> 0);
}
