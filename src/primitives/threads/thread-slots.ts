import { threadId } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import { readText, writeText } from '../memory/text.js';
import { add, compareExchange, load, store, wake } from '../memory/word.js';
import { nativeId } from './kernel.js';
import {
  BLOCKED,
  CANCEL,
  CLAIMED,
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
  QUEUED,
  RUNNING,
  raise,
  SLOT_WORDS,
  SLOTS,
  STARTER_NATIVE,
  STARTER_WORKER,
  STATE,
  STOPPED,
  slotOf,
  table,
  WORKER,
} from './table.js';

/** Takes a slot for a thread that is to be started. @throws ThreadError when all are taken. */
export function claimSlot(name: string, flags: number): number {
  for (let tries = 0; tries < SLOTS; tries++) {
    const number = (add(table, CURSOR, 1) >>> 0) & (SLOTS - 1);
    if (number === 0) continue;
    const slot = HEADER_WORDS + number * SLOT_WORDS;
    const state = load(table, slot + STATE);
    if (state !== FREE && state !== STOPPED && state !== DIED) continue;
    // Before the slot can be taken: a death logged twice is harmless, one not logged makes the locks of the dead thread look
    // as if it had ended by itself.
    if (state === DIED) logDeath(load(table, slot + IDENT));
    if (compareExchange(table, slot + STATE, state, CLAIMED) !== state) continue;
    let ident = ((load(table, slot + IDENT) & ~(SLOTS - 1)) + SLOTS + number) & IDENT_MASK;
    if (ident < SLOTS) ident += SLOTS;
    store(table, slot + IDENT, ident);
    store(table, slot + FLAGS, flags);
    store(table, slot + NATIVE, 0);
    store(table, slot + WORKER, -1);
    store(table, slot + CANCEL, 0);
    store(table, slot + STARTER_NATIVE, nativeId() ?? 0);
    store(table, slot + STARTER_WORKER, threadId);
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

/** Gives the slot of a thread back that could not be started after all. */
export function unclaimSlot(ident: number): void {
  store(table, slotOf(ident) + STATE, FREE);
  changed();
}

/** Called by the worker as it takes the thread up: from here on the kernel can tell of its death. false: it was withdrawn. */
export function markRunning(ident: number): boolean {
  const slot = slotOf(ident);
  if (stateOf(ident) !== QUEUED) return false;
  store(table, slot + WORKER, threadId);
  store(table, slot + NATIVE, nativeId() ?? 0);
  if (compareExchange(table, slot + STATE, QUEUED, RUNNING) !== QUEUED) return false;
  changed();
  return true;
}

/** The starter takes a queued thread back: it never begins. false: it has begun, or ended. */
export function withdraw(ident: number): boolean {
  const slot = slotOf(ident);
  if (load(table, slot + IDENT) !== ident) return false;
  if (compareExchange(table, slot + STATE, QUEUED, STOPPED) !== QUEUED) return false;
  wake(table, slot + STATE);
  changed();
  return true;
}

/** The worker in which a queued thread will run, so that its death before the start is seen. */
export function setWorker(ident: number, worker: number): void {
  store(table, slotOf(ident) + WORKER, worker);
}

/** The thread's target has ended, by itself. false: it had been found dead. */
export function markStopped(ident: number): boolean {
  return end(ident, STOPPED);
}

/** Called by whoever finds the thread's worker dead. false: the thread had ended already. */
export function markDied(ident: number): boolean {
  return end(ident, DIED);
}

function end(ident: number, how: typeof STOPPED | typeof DIED): boolean {
  const slot = slotOf(ident);
  for (;;) {
    const state = load(table, slot + STATE);
    if (load(table, slot + IDENT) !== ident || (state !== QUEUED && state !== RUNNING)) return false;
    if (compareExchange(table, slot + STATE, state, how) === state) break;
  }
  wake(table, slot + STATE);
  // Whoever sleeps on it in the thread of that ident will not be cancelled any more.
  wake(table, slot + CANCEL);
  changed();
  return true;
}

/** Node's number of the worker that the thread runs in; -1: not known yet. */
export function workerOf(ident: number): number {
  return load(table, slotOf(ident) + WORKER);
}

/** FREE when the ident is so old that its slot was claimed for another. */
export function stateOf(ident: number): number {
  const slot = slotOf(ident);
  const state = load(table, slot + STATE);
  return load(table, slot + IDENT) === ident ? state : FREE;
}

/** Called before the slot of a dead thread is claimed for another, so that `hasDied` still knows of it. */
function logDeath(ident: number): void {
  store(table, DEATH_LOG + ((add(table, DEATHS, 1) >>> 0) % DEATH_LOG_WORDS), ident);
}

/** Whether it was started from this very worker, by whichever thread ran in it then. */
export function startedHere(ident: number): boolean {
  return load(table, slotOf(ident) + STARTER_WORKER) === threadId;
}

/** Counts the Thread objects that stand for it in workers that it was not started from. */
export function countHandle(ident: number, by: 1 | -1): void {
  if (stateOf(ident) !== FREE) add(table, slotOf(ident) + HANDLES, by);
}

/** Whether a Thread object in another worker stands for it, as long as the table knows the ident. */
export function hasHandles(ident: number): boolean {
  return stateOf(ident) !== FREE && load(table, slotOf(ident) + HANDLES) > 0;
}

export function flagsOf(ident: number): number {
  return load(table, slotOf(ident) + FLAGS);
}

export function setFlags(ident: number, flags: number): void {
  store(table, slotOf(ident) + FLAGS, flags);
  changed();
}

export function nameOf(ident: number): string {
  return readText(table, slotOf(ident) + NAME);
}

export function setName(ident: number, name: string): void {
  writeText(table, slotOf(ident) + NAME, NAME_WORDS, name);
  changed();
}

/** The kernel's id of a thread; null where the platform does not tell it, or not yet. */
export function nativeIdOf(ident: number): number | null {
  return load(table, slotOf(ident) + NATIVE) || null;
}
