import { compareExchange, load, peek, store } from '../memory/word.js';
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
 * Whether any thread of the process traces. A thread that does sets TRACES in its slot; the table's TRACE word sums that
 * up, so that who traces nothing pays one plain load.
 *
 * TRACE: ON in bit 0, above it how often the word was changed.
 *   any -a thread, having set its TRACES-> ON
 *   ON -who has cleared a TRACES, ended a thread or heard the exit of a worker, and found none-> not ON
 * Invariant: it is ON while a live thread has TRACES. A change between the search and the compare-exchange is seen in the
 * number, so a thread that begins to trace meanwhile is not overlooked; and what a dead thread had set is void.
 */
const ON = 1;
const ONE_CHANGE = 2;

export function someoneTraces(): boolean {
  return (peek(table, TRACE) & ON) !== 0;
}

/** Called by the thread itself. */
export function setTraces(ident: number, traces: boolean): void {
  store(table, slotOf(ident) + TRACES, traces ? 1 : 0);
  if (traces) while (!change(load(table, TRACE), ON));
  else dropTrace();
}

/** Called as a thread ends, however it does. */
export function endTraces(slot: number): void {
  if (load(table, slot + TRACES) !== 0) dropTrace();
}

/** Called when a thread may have gone that traced: ON goes, unless a live one traces. */
export function dropTrace(): void {
  for (;;) {
    const word = load(table, TRACE);
    if ((word & ON) === 0 || aLiveThreadTraces() || change(word, 0)) return;
  }
}

function change(word: number, to: typeof ON | 0): boolean {
  return compareExchange(table, TRACE, word, ((word + ONE_CHANGE) & ~ON) | to) === word;
}

function aLiveThreadTraces(): boolean {
  const most = load(table, HIGH_WATER);
  for (let number = 0; number < most; number++) {
    const slot = HEADER_WORDS + number * SLOT_WORDS;
    const state = stateIn(load(table, slot + STATE));
    if ((state === QUEUED || state === RUNNING) && load(table, slot + TRACES) !== 0) return true;
  }
  return false;
}
