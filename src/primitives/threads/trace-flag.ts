import { compareExchange, exchange, load, peek } from '../memory/word.js';
import {
  HEADER_WORDS,
  HIGH_WATER,
  QUEUED,
  RUNNING,
  SLOT_WORDS,
  STATE,
  slotOf,
  stateIn,
  TRACE,
  TRACES,
  table,
} from './table.js';

/**
 * What threads of the process want to be told of. A thread that does sets TRACES in its slot; the table's TRACE word sums
 * that up, so that where nobody looks it costs one plain load.
 *
 * TRACE: the levels in its low bits, above them how often the word was changed. Of each level:
 *   off -a thread, having set it in its TRACES-> on
 *   on -who has cleared it in a TRACES, ended a thread or heard the exit of a worker, and found it in none-> off
 * Invariant: a level is on while a live thread has it in its TRACES. A change between the search and the compare-exchange
 * is seen in the number, so a thread that begins to look meanwhile is not overlooked; and what a dead thread had set is void.
 */

/** `settrace` and `trace$`. */
export const TRACING = 1;
/** What happens to threads: the ring of events.ts. */
export const EVENTS = 2;
/** Acquisitions that do not wait, how long locks are held, where waits begin. */
export const ALL = 4;
/** Which `withLock` section holds a Lock or a Semaphore. */
export const SECTIONS = 8;
/** A hold is told of to a channel when it ends: see waiting/channels.ts. */
export const HOLDS = 16;
const LEVELS = 31;
const ONE_CHANGE = 32;

/** Those of these levels that any thread of the process looks at. */
export function lookedAt(levels: number): number {
  return peek(table, TRACE) & levels;
}

/** Whether any thread of the process looks at one of these levels. */
export function watches(levels: number): boolean {
  return lookedAt(levels) !== 0;
}

/** Another number each time that a level has gone on or off. */
export function lookedAtAs(): number {
  return peek(table, TRACE);
}

export function someoneTraces(): boolean {
  return watches(TRACING);
}

/** Called by the thread itself. */
export function setTraces(ident: number, levels: number): void {
  const before = exchange(table, slotOf(ident) + TRACES, levels);
  // Even where the level is on: who has searched before this thread had it must not take it away.
  if (levels !== 0) while (!turnOn(levels));
  if ((before & ~levels) !== 0) dropTrace();
}

function turnOn(levels: number): boolean {
  const word = load(table, TRACE);
  return change(word, word | levels);
}

/** Called as a thread ends, however it does. */
export function endTraces(slot: number): void {
  if (load(table, slot + TRACES) !== 0) dropTrace();
}

/** Called when a thread may have gone that looked: levels go, unless a live one has them. */
export function dropTrace(): void {
  for (;;) {
    const word = load(table, TRACE);
    if ((word & LEVELS) === 0) return;
    const wanted = wantedByLiving();
    if ((word & LEVELS & ~wanted) === 0 || change(word, wanted)) return;
  }
}

function change(word: number, levels: number): boolean {
  return compareExchange(table, TRACE, word, ((word + ONE_CHANGE) & ~LEVELS) | (levels & LEVELS)) === word;
}

function wantedByLiving(): number {
  let wanted = 0;
  const most = load(table, HIGH_WATER);
  for (let number = 0; number < most; number++) {
    const slot = HEADER_WORDS + number * SLOT_WORDS;
    const state = stateIn(load(table, slot + STATE));
    if (state === QUEUED || state === RUNNING) wanted |= load(table, slot + TRACES);
  }
  return wanted;
}
