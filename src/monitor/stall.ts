import type { LoopAnswer } from '../pool/wire/loop-answers.js';
import type { ThreadFacts } from '../primitives/threads/thread-facts.js';
import { epoch } from './epoch.js';
import type { Stall, WaitInfo } from './types.js';

/** ms that all must have waited. */
const LASTING = 2000;
/** Threads that are named. */
const NAMED = 3;

/** What tells whether threads can go on by themselves. */
interface Standstill {
  readonly threads: readonly ThreadFacts[];
  readonly waits: readonly WaitInfo[];
  /** The last answer of each thread's event loop, by ident. */
  readonly answers: ReadonlyMap<number, LoopAnswer>;
  /** ms since the epoch. */
  readonly time: number;
}

/**
 * That every thread waits, and nothing is pending that might end a wait. Node would end a program in which nothing is
 * pending; waits do keep it, so it stands still for ever.
 */
export function stallOf(all: Standstill): Stall | undefined {
  const { threads, waits } = all;
  const running = threads.filter(({ state, listed }) => state === 'running' && listed);
  const lasting = waits.filter((wait) => isLasting(wait, all.time));
  if (lasting.length === 0 || lasting.length < waits.length) return undefined;
  const since = Math.max(...lasting.map((wait) => wait.since));
  if (!running.every(({ ident }) => isStuck(ident, since, all))) return undefined;
  const names = running.slice(0, NAMED).map(({ name }) => `'${name}'`);
  if (running.length > NAMED) names.push(`${running.length - NAMED} more`);
  return {
    kind: 'stall',
    id: `stall ${lasting.map(({ id }) => id)}`,
    since,
    message: `Nothing goes on: ${names.join(', ')} ${names.length === 1 ? 'waits' : 'wait'} without a timeout, and nothing is pending that may end a wait`,
    waits: lasting.map(({ id }) => id),
  };
}

function isLasting({ since, until }: WaitInfo, time: number): boolean {
  return until === null && time - since >= LASTING;
}

/** It blocks, or its event loop has had nothing to do but to wait since the last wait began: it may have computed until then. */
function isStuck(ident: number, since: number, { waits, answers }: Standstill): boolean {
  if (waits.some((wait) => wait.ident === ident && wait.face === 'blocking')) return true;
  const answer = answers.get(ident);
  return answer?.pending === false && epoch(answer.time) > since;
}
