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
  IDENT_MASK,
  NAME,
  NAME_WORDS,
  NATIVE,
  PROBED,
  QUEUED,
  raise,
  SLOT_WORDS,
  SLOTS,
  STARTER_NATIVE,
  STARTER_WORKER,
  STATE,
  STOPPED,
  slotOf,
  TRACES,
  table,
  WORKER,
} from './table.js';

/** Who starts a thread: the kernel's id of that worker, 0 where the platform does not tell it, and Node's. */
export interface Starter {
  readonly native: number;
  readonly worker: number;
}

/**
 * Takes a slot for a thread that is to be started.
 *
 * @param starter - default: this worker. Another, where this worker takes the slot for a job that it has been sent
 * @throws ThreadError when all are taken
 */
export function claimSlot(name: string, flags: number, starter?: Starter): number {
  const claimed = -(nativeId() ?? process.pid);
  // Two rounds: in the second the dead are looked for whose end nobody has noticed.
  for (let tries = 0; tries < 2 * SLOTS; tries++) {
    const number = (add(table, CURSOR, 1) >>> 0) & (SLOTS - 1);
    if (number === 0) continue;
    const slot = HEADER_WORDS + number * SLOT_WORDS;
    if (tries >= SLOTS) isAlive(load(table, slot + IDENT));
    const state = load(table, slot + STATE);
    if (!isFree(state)) continue;
    // Before the slot can be taken: a death logged twice is harmless, one not logged makes the locks of the dead thread look
    // as if it had ended by itself.
    if (state === DIED) logDeath(load(table, slot + IDENT));
    if (compareExchange(table, slot + STATE, state, claimed) !== state) continue;
    let ident = ((load(table, slot + IDENT) & ~(SLOTS - 1)) + SLOTS + number) & IDENT_MASK;
    if (ident < SLOTS) ident += SLOTS;
    store(table, slot + IDENT, ident);
    store(table, slot + FLAGS, flags);
    store(table, slot + NATIVE, 0);
    store(table, slot + WORKER, threadId);
    store(table, slot + PROBED, 0);
    store(table, slot + CANCEL, 0);
    store(table, slot + TRACES, 0);
    store(table, slot + STARTER_NATIVE, starter?.native ?? nativeId() ?? 0);
    store(table, slot + STARTER_WORKER, starter?.worker ?? threadId);
    store(table, slot + HANDLES, 0);
    store(table, slot + BLOCKED, 0);
    writeText(table, slot + NAME, NAME_WORDS, name);
    raise(HIGH_WATER, number + 1);
    store(table, slot + STATE, QUEUED);
    changed();
    return ident;
  }
  throw new ThreadError(`can't start new thread '${name}': ${SLOTS - 1} are alive`, {
    code: 'ERR_NO_THREAD',
  });
}

/** Whether a slot in this state may be claimed: a starter that was killed as it filled one never comes back to it. */
function isFree(state: number): boolean {
  return state === FREE || state === STOPPED || state === DIED || (state < 0 && !kernelHas(-state));
}

/** Called before the slot of a dead thread is claimed for another, so that `hasDied` still knows of it. */
function logDeath(ident: number): void {
  store(table, DEATH_LOG + ((add(table, DEATHS, 1) >>> 0) % DEATH_LOG_WORDS), ident);
}

/** Gives the slot of a thread back that could not be started after all. */
export function unclaimSlot(ident: number): void {
  store(table, slotOf(ident) + STATE, FREE);
  changed();
}
