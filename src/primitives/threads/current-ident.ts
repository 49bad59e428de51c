import { isMainThread } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import { claimSlot } from './claim-slot.js';
import {
  DAEMON,
  DUMMY,
  isSameTable,
  MAIN_IDENT,
  nextThreadNumber,
  tableIn,
  tableMayChange,
  useTable,
} from './table.js';
import { markDied, markRunning, markStopped } from './thread-slots.js';
import { threadWide } from './thread-wide.js';

/**
 * What the copies of this library share that are loaded in this worker, because a thread has one ident, in whichever of
 * them it asks, and ends in all of them.
 */
interface Worker {
  ident: number;
  /** Ident of the dummy thread: the code in this worker that no Thread runs; 0 while it has needed none. */
  dummy: number;
  readonly beginnings: (() => void)[];
  readonly endings: (() => void)[];
  /** Tells each copy the ident. */
  readonly copies: ((ident: number) => void)[];
}

const here: Worker = threadWide('worker', {
  ident: isMainThread ? MAIN_IDENT : 0,
  dummy: 0,
  beginnings: [],
  endings: [],
  copies: [],
});

/** `ident` of what this worker runs; 0 until somebody asks for it, see `getIdent`. */
export let current: number = here.ident;
here.copies.push((ident) => {
  current = ident;
});

function become(ident: number): void {
  here.ident = ident;
  for (const tell of here.copies) tell(ident);
}

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
  const cells = tableIn(buffer);
  if (cells === null)
    throw new TypeError('the handle does not come with the table of threads that toHandle puts there');
  if (isSameTable(cells)) return;
  if (isMainThread || !tableMayChange() || here.copies.length > 1) {
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
  here.endings.push(ending);
}

export function endThread(): void {
  for (const ending of here.endings) ending();
}

/** Runs in this worker before a thread begins. */
export function onThreadBegin(beginning: () => void): void {
  here.beginnings.push(beginning);
}

/**
 * `ident` of the thread that runs this code: a number that no other live thread has. Source: CPython,
 * `threading.get_ident`.
 *
 * @example
 * console.log(getIdent() === mainThread().ident); // prints true
 */
export function getIdent(): number {
  return current !== 0 ? current : registerDummy();
}

/** Called as a Thread begins in this worker. 0: it has ended, and what still runs here are the timers and promises it left. */
export function setIdent(ident: number): void {
  if (here.dummy !== 0) markStopped(here.dummy);
  here.dummy = 0;
  become(ident);
  if (ident !== 0) for (const beginning of here.beginnings) beginning();
}

let watchesExit = false;

/** Code of a worker that somebody else started, or that an ended Thread left behind, gets a slot when it needs an ident. */
function registerDummy(): number {
  const ident = claimSlot(`Dummy-${nextThreadNumber()}`, DUMMY | DAEMON);
  here.dummy = ident;
  become(ident);
  markRunning(ident);
  if (!watchesExit) process.once('exit', () => here.dummy !== 0 && markDied(here.dummy));
  watchesExit = true;
  return ident;
}
