import { isMainThread } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import { viewOf } from '../memory/word.js';
import { claimSlot } from './claim-slot.js';
import {
  DAEMON,
  DUMMY,
  isSameTable,
  isTable,
  MAIN_IDENT,
  nextThreadNumber,
  tableMayChange,
  useTable,
} from './table.js';
import { markDied, markRunning, markStopped } from './thread-slots.js';
import { threadWide } from './thread-wide.js';

interface Current {
  /** Of what this worker runs; 0 until somebody asks for it, see `getIdent`. */
  ident: number;
  /** Ident of the dummy thread: the code in this worker that no Thread runs; 0 while it has needed none. */
  dummy: number;
  watchesExit: boolean;
  readonly beginnings: (() => void)[];
  readonly endings: (() => void)[];
}

const own: Current = {
  ident: isMainThread ? MAIN_IDENT : 0,
  dummy: 0,
  watchesExit: false,
  beginnings: [],
  endings: [],
};
export const current: Current = threadWide('current', own);

/**
 * Sees to it that a handle and this worker have one table of threads, because an ident means nothing in another table.
 *
 * A process has the table that main made, and main keeps it. A worker that loads the library before main, and so finds
 * none, makes one of its own; it leaves that for the table of the first handle it gets, as long as nothing stands in its
 * own yet: no ident, no primitive, no tracer, no watcher. Whoever has begun with a table keeps it.
 *
 * @param buffer - the table of a handle
 * @throws TypeError when it is no table; ThreadError when it is another than this worker has to keep. Nothing has changed
 */
export function joinTable(buffer: unknown): void {
  const cells = viewOf(buffer);
  if (cells === null || !isTable(cells))
    throw new TypeError('the handle does not come with the table of threads that toHandle puts there');
  if (isSameTable(cells)) return;
  if (isMainThread || !tableMayChange()) {
    throw new ThreadError(
      'the handle comes from a worker that shares no table of threads with this one, as rxjs-threading was loaded in one ' +
        "of them before the main thread had loaded it: import 'rxjs-threading' in the main thread before it starts workers",
      { code: 'ERR_OTHER_TABLE' },
    );
  }
  useTable(cells);
}

/** Runs in this worker whenever the target of a thread has ended. */
export function onThreadEnd(ending: () => void): void {
  current.endings.push(ending);
}

export function endThread(): void {
  for (const ending of current.endings) ending();
}

/** Runs in this worker before a thread begins. */
export function onThreadBegin(beginning: () => void): void {
  current.beginnings.push(beginning);
}

/**
 * `ident` of the thread that runs this code: a number that no other live thread has. Source: CPython,
 * `threading.get_ident`.
 *
 * @example
 * console.log(getIdent() === mainThread().ident); // prints true
 */
export function getIdent(): number {
  return current.ident !== 0 ? current.ident : registerDummy();
}

/** Called as a Thread begins in this worker. 0: it has ended, and what still runs here are the timers and promises it left. */
export function setIdent(ident: number): void {
  if (current.dummy !== 0) markStopped(current.dummy);
  current.dummy = 0;
  current.ident = ident;
  if (ident !== 0) for (const beginning of current.beginnings) beginning();
}

/** Code of a worker that somebody else started, or that an ended Thread left behind, gets a slot when it needs an ident. */
function registerDummy(): number {
  const ident = claimSlot(`Dummy-${nextThreadNumber()}`, DUMMY | DAEMON);
  current.dummy = ident;
  current.ident = ident;
  markRunning(ident);
  if (!current.watchesExit) process.once('exit', () => current.dummy !== 0 && markDied(current.dummy));
  current.watchesExit = true;
  return ident;
}
