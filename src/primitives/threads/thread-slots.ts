import { threadId } from 'node:worker_threads';
import { readText, writeText } from '../memory/text.js';
import { compareExchange, load, store, wake } from '../memory/word.js';
import { writeEvent } from './events.js';
import { nativeId } from './kernel.js';
import {
  CANCEL,
  changed,
  clock,
  DIED,
  FLAGS,
  FREE,
  HANDLES,
  identIn,
  NAME,
  NAME_WORDS,
  NATIVE,
  NUMBER,
  noHandles,
  QUEUED,
  RUNNING,
  STARTER_WORKER,
  STATE,
  STOPPED,
  slotOf,
  stateIn,
  stateWord,
  table,
  WORKER,
} from './table.js';
import { noteState } from './thread-notes.js';
import { endTraces } from './trace-flag.js';

/**
 * Called by the worker as it takes the thread up: from here on the kernel can tell of its death. false: it was withdrawn.
 *
 * @param time - of this moment
 */
export function markRunning(ident: number, time: number = clock()): boolean {
  const slot = slotOf(ident);
  // Before it runs, as a worker that is killed in between must be found dead.
  compareExchange(table, slot + NATIVE, -ident, nativeId() ?? 0);
  if (!move(ident, QUEUED, RUNNING)) return false;
  // The starter may have thought of another worker, that died.
  store(table, slot + WORKER, threadId);
  noteState(ident, time);
  writeEvent('start', ident);
  changed();
  return true;
}

/** The starter could not start it after all: its slot is free for another. */
export function unclaimSlot(ident: number): void {
  if (move(ident, QUEUED, FREE)) changed();
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
 * The starter tells in which worker a queued thread will run, if it knows (else -1), so that its death before the start is
 * seen. The worker may have said so itself by now.
 */
export function setWorker(ident: number, worker: number): void {
  if (worker >= 0) compareExchange(table, slotOf(ident) + WORKER, -ident, worker);
}

/** The thread's target has ended, by itself. false: it had been found dead. */
export function markStopped(ident: number, time?: number): boolean {
  return end(ident, STOPPED, RUNNING, time);
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
  time: number = clock(),
): boolean {
  if (!move(ident, QUEUED, how) && !(latest === RUNNING && move(ident, RUNNING, how))) return false;
  const slot = slotOf(ident);
  noteEnd(ident, how, time);
  endTraces(slot);
  wake(table, slot + STATE);
  // Whoever sleeps on it in the thread of that ident will not be cancelled any more.
  wake(table, slot + CANCEL);
  changed();
  return true;
}

/** Of a thread whose slot may be another's by now: then this is told of that one, until it has begun. */
function noteEnd(ident: number, how: typeof STOPPED | typeof DIED, time: number): void {
  noteState(ident, time);
  writeEvent(how === STOPPED ? 'end' : 'killed', ident);
}

/** false: the thread is in another state, or so old that its slot is another's. */
function move(ident: number, from: number, to: number): boolean {
  const word = stateWord(ident, from);
  return compareExchange(table, slotOf(ident) + STATE, word, stateWord(ident, to)) === word;
}

/** Node's number of the worker that the thread runs in; -1: not known yet. */
export function workerOf(ident: number): number {
  return Math.max(load(table, slotOf(ident) + WORKER), -1);
}

/** FREE when the ident is so old that its slot is another's, or is being filled for another. */
export function stateOf(ident: number): number {
  const word = load(table, slotOf(ident) + STATE);
  return identIn(word) === ident ? stateIn(word) : FREE;
}

/** What STATE of its slot holds while the thread is queued or runs, for those who sleep on it; undefined: it has ended. */
export function liveWord(ident: number): number | undefined {
  const word = load(table, slotOf(ident) + STATE);
  return word === stateWord(ident, QUEUED) || word === stateWord(ident, RUNNING) ? word : undefined;
}

/** Whether it was started from this very worker, by whichever thread ran in it then; false once its slot is another's. */
export function startedHere(ident: number): boolean {
  const starter = load(table, slotOf(ident) + STARTER_WORKER);
  return starter === threadId && stateOf(ident) !== FREE;
}

/** Counts the Thread objects that have to ask its starter what it gives, as long as the slot is its own. */
export function countHandle(ident: number, by: 1 | -1): void {
  const cell = slotOf(ident) + HANDLES;
  for (;;) {
    const word = load(table, cell);
    if (!countsHandles(ident, word)) return;
    if (compareExchange(table, cell, word, word + by) === word) return;
  }
}

/** Whether a Thread object has to ask what it gives, as long as the table knows the ident. */
export function hasHandles(ident: number): boolean {
  const word = load(table, slotOf(ident) + HANDLES);
  return countsHandles(ident, word) && word !== noHandles(ident);
}

function countsHandles(ident: number, word: number): boolean {
  return word >>> 16 === noHandles(ident) >>> 16;
}

/** 0 once its slot is another's. */
export function flagsOf(ident: number): number {
  const flags = load(table, slotOf(ident) + FLAGS);
  // Asked afterwards: while the slot is still its own, so were the flags.
  return stateOf(ident) === FREE ? 0 : flags;
}

/** Called by the starter before the thread begins, then by the thread itself: nothing changes once it has ended, as its slot may be another's. */
export function setFlags(ident: number, flags: number): void {
  if (liveWord(ident) === undefined) return;
  store(table, slotOf(ident) + FLAGS, flags);
  changed();
}

/** '' once its slot is another's. */
export function nameOf(ident: number): string {
  const slot = slotOf(ident);
  let number: number;
  let text: string;
  do {
    number = load(table, slot + NUMBER);
    text = readText(table, slot + NAME);
    // Renamed, or claimed again, in between.
  } while (load(table, slot + NUMBER) !== number);
  if (stateOf(ident) === FREE) return '';
  return number === 0 ? text : `Thread-${number} (${text})`;
}

/** false once the thread has ended: nothing is written then, as its slot may go to another at any moment. */
export function setName(ident: number, name: string): boolean {
  if (liveWord(ident) === undefined) return false;
  const slot = slotOf(ident);
  // No text while the number goes, because what stands there now is no name without the number.
  writeText(table, slot + NAME, NAME_WORDS, '');
  store(table, slot + NUMBER, 0);
  writeText(table, slot + NAME, NAME_WORDS, name);
  changed();
  return true;
}

/** The kernel's id of a thread; null where the platform does not tell it, or not yet. */
export function nativeIdOf(ident: number): number | null {
  const native = load(table, slotOf(ident) + NATIVE);
  return native > 0 && stateOf(ident) !== FREE ? native : null;
}
