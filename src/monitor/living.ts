import type { ThreadInfo } from './types.js';

/** How many of them live: an Inspection has those that ended less than a minute ago, too. */
export function living(threads: readonly ThreadInfo[]): number {
  return threads.filter(({ activity }) => activity !== 'stopped' && activity !== 'dead').length;
}
