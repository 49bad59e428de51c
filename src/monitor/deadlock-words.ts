import { nameOf } from '../primitives/threads/thread-slots.js';
import type { WaitEdge } from './deadlock-graph.js';
import type { Doubt } from './types.js';

/** One sentence. @param behind - how many other threads wait for those of the cycle */
export function deadlockInWords(
  cycle: readonly WaitEdge[],
  doubts: readonly Doubt[],
  behind: number,
): string {
  const parts = [`${title(doubts)}: ${cycle.map(step).join(', and ')}`, ...new Set(doubts.map(reason))];
  if (behind > 0) parts.push(behind === 1 ? '1 more waits behind' : `${behind} more wait behind`);
  return parts.join('; ');
}

function title(doubts: readonly Doubt[]): string {
  if (doubts.length === 0) return 'Deadlock';
  return doubts.every(({ kind }) => kind === 'unsubscribe') ? 'Deadlock of pipelines' : 'Maybe a deadlock';
}

function step({ from, to, wait }: WaitEdge): string {
  if (wait.primitive === null) return `${who(from)} waits for the end of '${wait.name}'`;
  const owner = from === to ? 'it has itself' : `${who(to)} has`;
  return `${who(from)} waits for '${wait.name}', which ${owner}`;
}

/** @param node - a thread, or a section in it */
function who(node: string): string {
  const [ident, section] = node.split('/');
  const name = `'${nameOf(Number(ident))}'`;
  return section === undefined ? name : `section ${section} of ${name}`;
}

function reason(doubt: Doubt): string {
  switch (doubt.kind) {
    case 'signalled':
      return 'a Lock in it may be a signal that another thread gives by releasing it';
    case 'unsubscribe':
      return `nothing but unsubscribing in '${nameOf(doubt.ident)}' ends it`;
    case 'loop-runs':
      return `the event loop of '${nameOf(doubt.ident)}' runs on and may release what it has`;
    case 'timeout':
      return `a wait in it gives up at ${new Date(doubt.until).toISOString()}`;
    case 'permits':
      return 'others may have permits of the Semaphore in it';
  }
}
