import { clock } from '../primitives/threads/table.js';

/** What the clock of all threads shows at the epoch: taken once, so that the same moment always reads the same. */
const OFFSET = performance.timeOrigin + performance.now() - clock();

/** A moment on the clock of all threads, in ms since the epoch. */
export function epoch(time: number): number {
  return time + OFFSET;
}
