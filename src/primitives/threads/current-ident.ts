import { isMainThread } from 'node:worker_threads';
import { load, viewOf } from '../memory/word.js';
import { DAEMON, DUMMY, MAIN_IDENT, NONCE, nextThreadNumber, table, useTable } from './table.js';
import { claimSlot, markDied, markRunning, markStopped } from './thread-slots.js';

/** 0 until this worker's code has an ident: see `getIdent`. */
export let current: number = isMainThread ? MAIN_IDENT : 0;

/** Joins the table that a handle came with: another one where the worker was started before the library was loaded. */
export function joinTable(buffer: unknown): void {
  const cells = viewOf(buffer);
  if (cells === null || load(cells, NONCE) === load(table, NONCE)) return;
  useTable(cells);
  current = isMainThread ? MAIN_IDENT : 0;
}

const endings: (() => void)[] = [];

/** Runs in this worker whenever the target of a thread has ended. */
export function onThreadEnd(ending: () => void): void {
  endings.push(ending);
}

export function endThread(): void {
  for (const ending of endings) ending();
}

const beginnings: (() => void)[] = [];

/** Runs in this worker before a thread begins. */
export function onThreadBegin(beginning: () => void): void {
  beginnings.push(beginning);
}

/** `ident` of the thread that runs this code. */
export function getIdent(): number {
  return current !== 0 ? current : registerDummy();
}

/** Which Thread this worker runs from now on; 0: none, what runs now is what one has left behind. */
export function setIdent(ident: number): void {
  if (dummy !== 0) markStopped(dummy);
  dummy = 0;
  current = ident;
  if (ident !== 0) for (const beginning of beginnings) beginning();
}

/** Ident of the code in this worker that is no Thread's; 0 while it has needed none. */
let dummy = 0;
let watchesExit = false;

/** A worker that somebody else started, or what an ended Thread left behind, gets its slot when it needs an ident. */
function registerDummy(): number {
  const ident = claimSlot(`Dummy-${nextThreadNumber()}`, DUMMY | DAEMON);
  dummy = ident;
  current = ident;
  markRunning(ident);
  if (!watchesExit) process.once('exit', () => dummy !== 0 && markDied(dummy));
  watchesExit = true;
  return ident;
}
