import { threadId } from 'node:worker_threads';
import { readText, writeText } from '../memory/text.js';
import { add, compareExchange, load, store, wake } from '../memory/word.js';
import { nativeId } from './kernel.js';
import {
  CANCEL,
  changed,
  DIED,
  FLAGS,
  FREE,
  HANDLES,
  IDENT,
  NAME,
  NAME_WORDS,
  NATIVE,
  QUEUED,
  RUNNING,
  STARTER_WORKER,
  STATE,
  STOPPED,
  slotOf,
  table,
  WORKER,
} from './table.js';
import { endTraces } from './trace-flag.js';

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
  return end(ident, STOPPED, QUEUED);
}

/** The worker of the starter ends: a queued thread never begins. false: it has begun, or ended. */
export function markStarterDied(ident: number): boolean {
  return end(ident, DIED, QUEUED);
}

/**
 * The starter tells in which worker a queued thread will run, so that its death before the start is seen. The worker may
 * have said so itself by now.
 */
export function setWorker(ident: number, worker: number): void {
  compareExchange(table, slotOf(ident) + WORKER, threadId, worker);
}

/** The thread's target has ended, by itself. false: it had been found dead. */
export function markStopped(ident: number): boolean {
  return end(ident, STOPPED, RUNNING);
}

/** Called by whoever finds the thread's worker dead. false: the thread had ended already. */
export function markDied(ident: number): boolean {
  return end(ident, DIED, RUNNING);
}

/** @param latest - RUNNING: whether the thread has begun or not; QUEUED: only if it has not */
function end(
  ident: number,
  how: typeof STOPPED | typeof DIED,
  latest: typeof QUEUED | typeof RUNNING,
): boolean {
  const slot = slotOf(ident);
  for (;;) {
    const state = stateOf(ident);
    if (state !== QUEUED && state !== latest) return false;
    if (compareExchange(table, slot + STATE, state, how) === state) break;
  }
  endTraces(slot);
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

/** FREE when the ident is so old that its slot is another's, or is being filled for another. */
export function stateOf(ident: number): number {
  const slot = slotOf(ident);
  const state = load(table, slot + STATE);
  return state > 0 && load(table, slot + IDENT) === ident ? state : FREE;
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
