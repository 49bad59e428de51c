import { isMainThread } from 'node:worker_threads';
import { load, viewOf } from '../memory/word.js';
import { DAEMON, DUMMY, MAIN_IDENT, NONCE, nextThreadNumber, table, useTable } from './table.js';
import { claimSlot, markDied, markRunning, markStopped } from './thread-slots.js';

/** `ident` of what this worker runs; 0 until somebody asks for it, see `getIdent`. */
export let current: number = isMainThread ? MAIN_IDENT : 0;

/** Joins the table that a handle came with. It is another than ours if this worker was started before main loaded the library. */
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

/** Called as a Thread begins in this worker. 0: it has ended, and what still runs here are the timers and promises it left. */
export function setIdent(ident: number): void {
  if (dummy !== 0) markStopped(dummy);
  dummy = 0;
  current = ident;
  if (ident !== 0) for (const beginning of beginnings) beginning();
}

/** Ident of the dummy thread: the code in this worker that no Thread runs; 0 while it has needed none. */
let dummy = 0;
let watchesExit = false;

/** Code of a worker that somebody else started, or that an ended Thread left behind, gets a slot when it needs an ident. */
function registerDummy(): number {
  const ident = claimSlot(`Dummy-${nextThreadNumber()}`, DUMMY | DAEMON);
  dummy = ident;
  current = ident;
  markRunning(ident);
  if (!watchesExit) process.once('exit', () => dummy !== 0 && markDied(dummy));
  watchesExit = true;
  return ident;
}
