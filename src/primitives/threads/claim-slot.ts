import { threadId } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import { writeText } from '../memory/text.js';
import { add, compareExchange, load, store } from '../memory/word.js';
import { kernelHas, nativeId } from './kernel.js';
import { isAlive } from './liveness.js';
import {
  BLOCKED,
  CANCEL,
  CURSOR,
  changed,
  clock,
  DEATH_LOG,
  DEATH_LOG_WORDS,
  DEATHS,
  DIED,
  FLAGS,
  FREE,
  HANDLES,
  HEADER_WORDS,
  HIGH_WATER,
  IDENT,
  identAfter,
  identIn,
  NAME,
  NAME_WORDS,
  NATIVE,
  NUMBER,
  noHandles,
  notCancelled,
  PRIMITIVE,
  PROBED,
  QUEUED,
  raise,
  SENT_ITSELF,
  SLOT_WORDS,
  SLOTS,
  STARTER_NATIVE,
  STARTER_WORKER,
  STATE,
  STOPPED,
  slotOf,
  stateIn,
  stateWord,
  TRACES,
  table,
  WORKER,
} from './table.js';
import { clearNotes } from './thread-notes.js';

/** The worker that a thread counts as started from. */
export interface Starter {
  readonly worker: number;
  /** 0 where the platform does not tell it. */
  readonly native: number;
  /** The thread in it. */
  readonly ident: number;
}

/** This worker, for a message to one that claims slots in the name of its thread. */
export function starterHere(ident: number): Starter {
  return { worker: threadId, native: nativeId() ?? 0, ident };
}

/**
 * Takes a slot for a thread that is to be started.
 *
 * @param name - all of the name; with a `number` that is not 0, the `name` of `Thread-<number> (<name>)`
 * @param starter - given by a worker that claims for a thread of its own, which another worker has asked for: nobody finds the
 * thread before it is shown
 * @param startedBy - ident of the thread that starts it; 0: none does
 * @throws ThreadError when all are taken
 */
export function claimSlot(
  name: string,
  flags: number,
  number = 0,
  starter?: Starter,
  startedBy: number = starter?.ident ?? 0,
): number {
  const claimed = claimedBy();
  // Two rounds: in the second the dead are looked for whose end nobody has noticed.
  for (let tries = 0; tries < 2 * SLOTS; tries++) {
    const slotNumber = (add(table, CURSOR, 1) >>> 0) & (SLOTS - 1);
    if (slotNumber === 0) continue;
    const slot = HEADER_WORDS + slotNumber * SLOT_WORDS;
    if (tries >= SLOTS) isAlive(load(table, slot + IDENT));
    const word = load(table, slot + STATE);
    if (!isFree(stateIn(word))) continue;
    // Before the slot can be taken: a death logged twice is harmless, one not logged makes the locks of the dead thread look
    // as if it had ended by itself.
    if (stateIn(word) === DIED) logDeath(identIn(word));
    if (compareExchange(table, slot + STATE, word, claimed) !== word) continue;
    const ident = identAfter(load(table, slot + IDENT), slotNumber);
    writeText(table, slot + NAME, NAME_WORDS, name);
    raise(HIGH_WATER, slotNumber + 1);
    fill(ident, flags, number, starter, startedBy);
    if (starter === undefined) show(ident);
    return ident;
  }
  throw new ThreadError(`can't start new thread '${name}': ${SLOTS - 1} are alive`, {
    code: 'ERR_NO_THREAD',
  });
}

/**
 * Takes the slot of a thread that has ended for the next one that the same worker runs, which costs a tenth of another slot.
 * Nobody finds it before it is shown.
 *
 * @param name - null: the slot has it already
 * @returns 0: another has taken the slot, or asks for the thread that has ended by a Thread object elsewhere, or is about to
 */
export function claimAgain(
  last: number,
  name: string | null,
  flags: number,
  number: number,
  starter: Starter,
): number {
  const slot = slotOf(last);
  const ident = identAfter(last, last & (SLOTS - 1));
  if ((load(table, slot + FLAGS) & SENT_ITSELF) !== 0) return 0;
  // First, because from then on no Thread object is counted for the last one. Who claims the slot meanwhile writes the same.
  const none = noHandles(last);
  if (compareExchange(table, slot + HANDLES, none, noHandles(ident)) !== none) return 0;
  const ended = stateWord(last, STOPPED);
  if (compareExchange(table, slot + STATE, ended, claimedBy()) !== ended) return 0;
  if (name !== null) writeText(table, slot + NAME, NAME_WORDS, name);
  fill(ident, flags, number, starter, starter.ident);
  return ident;
}

/** STATE of a slot that this worker fills: who finds it can ask the kernel whether the worker lives. */
function claimedBy(): number {
  return -(nativeId() ?? process.pid);
}

/** The thread is queued from now on, and others find it. Called by who has claimed its slot. */
export function show(ident: number): void {
  store(table, slotOf(ident) + STATE, stateWord(ident, QUEUED));
  changed();
}

/** Its slot is as that of a thread that has ended. Called instead of `show`. */
export function unclaim(ident: number): void {
  store(table, slotOf(ident) + STATE, stateWord(ident, STOPPED));
}

/** Fills a slot that was claimed, but for the name and the state. */
function fill(
  ident: number,
  flags: number,
  number: number,
  starter: Starter | undefined,
  startedBy: number,
): void {
  const slot = slotOf(ident);
  store(table, slot + IDENT, ident);
  store(table, slot + FLAGS, flags);
  store(table, slot + NATIVE, starter === undefined ? -ident : (nativeId() ?? 0));
  store(table, slot + WORKER, starter === undefined ? -ident : threadId);
  store(table, slot + PROBED, 0);
  store(table, slot + CANCEL, notCancelled(ident));
  store(table, slot + TRACES, 0);
  store(table, slot + STARTER_NATIVE, starter === undefined ? (nativeId() ?? 0) : starter.native);
  store(table, slot + STARTER_WORKER, starter === undefined ? threadId : starter.worker);
  store(table, slot + HANDLES, noHandles(ident));
  store(table, slot + BLOCKED + PRIMITIVE, 0);
  store(table, slot + NUMBER, number);
  // One that a worker claims for itself begins at once.
  clearNotes(ident, startedBy, starter === undefined ? clock() : 0);
}

/** Whether a slot in this state may be claimed: a starter that was killed as it filled one never comes back to it. */
function isFree(state: number): boolean {
  return state === FREE || state === STOPPED || state === DIED || (state < 0 && !kernelHas(-state));
}

/** Called before the slot of a dead thread is claimed for another, so that `hasDied` still knows of it. */
function logDeath(ident: number): void {
  store(table, DEATH_LOG + ((add(table, DEATHS, 1) >>> 0) % DEATH_LOG_WORDS), ident);
}
