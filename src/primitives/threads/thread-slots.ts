import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import { readText, writeText } from '../memory/text.js';
import { add, allocate, type Cells, compareExchange, load, store, viewOf, wake } from '../memory/word.js';
import { kernelHas, kernelTells, nativeId } from './kernel.js';

/**
 * The table of all threads of the process, in shared memory: who runs, under which ident, and how it ended. Every
 * thread reads it without help of any event loop; main makes it, workers inherit it as environment data.
 *
 * A slot's STATE:
 *   FREE, STOPPED, DIED -claim-> CLAIMED -whoever claimed it-> QUEUED -the worker-> RUNNING
 *   QUEUED, RUNNING -the thread itself, its target has ended-> STOPPED
 *   QUEUED -whoever started it wants it no more-> STOPPED
 *   QUEUED, RUNNING -whoever finds its worker dead-> DIED
 * Invariant: a slot holds an ident until it is claimed again, and no two claims give the same ident. Slots are
 * claimed round and round, so that an ident stays readable for thousands of starts after its end.
 */
export const FREE = 0;
export const QUEUED = 1;
export const RUNNING = 2;
export const STOPPED = 3;
export const DIED = 4;
const CLAIMED = 5;

/** Of a slot's FLAGS. */
export const DAEMON = 1;
/** Not started by this library. */
export const DUMMY = 2;
/** A foreign thread that asked who it is: `enumerate` tells of it. */
export const LISTED = 4;

const ENVIRONMENT_KEY = 'rxjs-threading';
const MAGIC = 0x7ead0001;

// The header.
const MAGIC_CELL = 0;
const HIGH_WATER = 1;
const CURSOR = 2;
const PRIMITIVE_IDS = 3;
const THREAD_NUMBERS = 4;
const DEATHS = 5;
const NONCE = 6;
/** 0 while nobody traces. */
export const TRACE = 7;
/** Flags and sequence number for those who watch the table. */
const TABLE_WORD = 8;
const TABLE_WATCH_SEQ = 9;
export const WAITS_HIGH_WATER = 10;
const HEADER_WORDS = 64;

// A slot.
const IDENT = 0;
export const STATE = 1;
const FLAGS = 2;
const NATIVE = 3;
const WORKER = 4;
const PROBED = 5;
/** 0; 1 once cancelled; 2 when its blocking wait has been told. The thread's `sleepSync` parks on it. */
export const CANCEL = 6;
/** What the thread blocks on: see waits.ts. */
export const BLOCKED = 8;
/** Of the worker that it was started from: the kernel's id, 0 where the platform does not tell it, and Node's. */
const STARTER_NATIVE = 29;
const STARTER_WORKER = 30;
/** How many Threads there are for it in other workers than that. */
const HANDLES = 31;
const NAME = 32;
const NAME_WORDS = 96;
/** The longest name of a thread, in bytes of UTF-8. */
export const NAME_BYTES: number = (NAME_WORDS - 1) * 4;
const SLOT_WORDS = 128;

const SLOT_BITS = 12;
const SLOTS = 1 << SLOT_BITS;
/** Idents fit below the flags of a lock's word. */
const IDENT_MASK = (1 << 27) - 1;

/** Idents of threads that died: kept after their slots have gone to others. */
const DEATH_LOG = HEADER_WORDS + SLOTS * SLOT_WORDS;
const DEATH_LOG_WORDS = 1 << 16;

export const WAITS: number = DEATH_LOG + DEATH_LOG_WORDS;
export const WAIT_WORDS = 16;
export const MOST_WAITS: number = 1 << 16;

/** The slot 0 is main's, whether or not main has loaded this library. */
export const MAIN_IDENT: number = SLOTS;
/** Least ms between two looks at the kernel for the same thread, by all threads together. */
const PROBE_EVERY = 40;

export let table: Cells = inherited() ?? create();
let current = isMainThread ? MAIN_IDENT : 0;

function inherited(): Cells | null {
  const cells = viewOf(getEnvironmentData(ENVIRONMENT_KEY));
  return cells !== null && load(cells, MAGIC_CELL) === MAGIC ? cells : null;
}

function create(): Cells {
  const cells = allocate(WAITS + MOST_WAITS * WAIT_WORDS);
  store(cells, MAGIC_CELL, MAGIC);
  store(cells, NONCE, (Math.random() * 2 ** 32) | 0);
  store(cells, CURSOR, 1);
  store(cells, HIGH_WATER, 1);
  store(cells, HEADER_WORDS + IDENT, MAIN_IDENT);
  // The kernel's id of a process's first thread is that of the process.
  store(cells, HEADER_WORDS + NATIVE, process.pid);
  store(cells, HEADER_WORDS + STATE, RUNNING);
  writeText(cells, HEADER_WORDS + NAME, NAME_WORDS, 'MainThread');
  setEnvironmentData(ENVIRONMENT_KEY, cells.buffer);
  return cells;
}

/** Joins the table that a handle came with: another one where the worker was started before the library was loaded. */
export function joinTable(buffer: unknown): void {
  const cells = viewOf(buffer);
  if (cells === null || load(cells, NONCE) === load(table, NONCE)) return;
  table = cells;
  current = isMainThread ? MAIN_IDENT : 0;
  setEnvironmentData(ENVIRONMENT_KEY, cells.buffer);
}

/** Milliseconds on one clock for all threads of the process. */
export function clock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** Where a thread's slot begins. */
export function slotOf(ident: number): number {
  return HEADER_WORDS + (ident & (SLOTS - 1)) * SLOT_WORDS;
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

/** A number that no other primitive of the process has. */
export function nextPrimitiveId(): number {
  return add(table, PRIMITIVE_IDS, 1) + 1;
}

/** The N of `Thread-N`. */
export function nextThreadNumber(): number {
  return add(table, THREAD_NUMBERS, 1) + 1;
}

/** Takes a slot for a thread that is to be started. @throws ThreadError when all are taken. */
export function claimSlot(name: string, flags: number): number {
  for (let tries = 0; tries < SLOTS; tries++) {
    const number = (add(table, CURSOR, 1) >>> 0) & (SLOTS - 1);
    if (number === 0) continue;
    const slot = HEADER_WORDS + number * SLOT_WORDS;
    const state = load(table, slot + STATE);
    if (state !== FREE && state !== STOPPED && state !== DIED) continue;
    // Twice is no harm, never would be.
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

export function raise(cell: number, to: number): void {
  for (let seen = load(table, cell); seen < to; seen = load(table, cell)) {
    compareExchange(table, cell, seen, to);
  }
}

/** Called by the worker as it takes the thread up: from here on its death can be seen. false: it was withdrawn. */
export function markRunning(ident: number): boolean {
  const slot = slotOf(ident);
  if (stateOf(ident) !== QUEUED) return false;
  store(table, slot + WORKER, threadId);
  store(table, slot + NATIVE, nativeId() ?? 0);
  if (compareExchange(table, slot + STATE, QUEUED, RUNNING) !== QUEUED) return false;
  changed();
  return true;
}

/** A thread that has not begun never will. false: it has, or has ended. */
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

/** The thread's worker is no more. false: it had ended already. */
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
  // Nobody will cancel it any more.
  wake(table, slot + CANCEL);
  changed();
  return true;
}

/** Node's number of the worker that it runs in. */
export function workerOf(ident: number): number {
  return load(table, slotOf(ident) + WORKER);
}

/** FREE once an ident is so old that its slot has gone to another. */
export function stateOf(ident: number): number {
  const slot = slotOf(ident);
  const state = load(table, slot + STATE);
  return load(table, slot + IDENT) === ident ? state : FREE;
}

/** Queued or running. */
export function isAlive(ident: number): boolean {
  const state = stateOf(ident);
  return state === QUEUED || (state === RUNNING && !kernelLostIt(ident));
}

/** Its worker died while it ran: what it held, nobody else will give back. */
export function hasDied(ident: number): boolean {
  const state = stateOf(ident);
  if (state === RUNNING) return kernelLostIt(ident);
  if (state === DIED) return true;
  return state === FREE && diedLongAgo(ident);
}

/** Before the slot of a dead thread goes to another. */
function logDeath(ident: number): void {
  store(table, DEATH_LOG + ((add(table, DEATHS, 1) >>> 0) % DEATH_LOG_WORDS), ident);
}

function diedLongAgo(ident: number): boolean {
  const deaths = Math.min(load(table, DEATHS) >>> 0, DEATH_LOG_WORDS);
  for (let death = 0; death < deaths; death++) if (load(table, DEATH_LOG + death) === ident) return true;
  return false;
}

/** Asks the kernel, which knows of a death before any event loop does. */
function kernelLostIt(ident: number): boolean {
  if (ident === current || !kernelTells) return false;
  const slot = slotOf(ident);
  const time = clock() | 0;
  const probed = load(table, slot + PROBED);
  if (((time - probed) | 0) < PROBE_EVERY && probed !== 0) return false;
  store(table, slot + PROBED, time);
  const native = load(table, slot + NATIVE);
  if (native === 0 || kernelHas(native)) return false;
  if (load(table, slot + NATIVE) !== native) return false;
  markDied(ident);
  return true;
}

/** What the loop of the thread that started a worker hears of its end; the kernel may have told before. */
function workerExited(worker: number): void {
  const most = load(table, HIGH_WATER);
  for (let number = 1; number < most; number++) {
    const slot = HEADER_WORDS + number * SLOT_WORDS;
    if (load(table, slot + WORKER) === worker) markDied(load(table, slot + IDENT));
  }
}

process.on('worker', (worker) => {
  // Reads -1 once it has exited.
  const { threadId: number } = worker;
  worker.once('exit', () => workerExited(number));
});

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

/** Idents of the live threads, in the order of their slots; `includeUnlisted`: with those foreign ones that never asked who they are. */
export function aliveIdents(includeUnlisted = false): number[] {
  const idents: number[] = [];
  const most = load(table, HIGH_WATER);
  for (let number = 0; number < most; number++) {
    const ident = load(table, HEADER_WORDS + number * SLOT_WORDS + IDENT);
    if (ident === 0 || !isAlive(ident)) continue;
    if (includeUnlisted || (flagsOf(ident) & (DUMMY | LISTED)) !== DUMMY) idents.push(ident);
  }
  return idents;
}

/** Whether it was started from this very worker, by whichever thread ran in it then. */
export function startedHere(ident: number): boolean {
  return load(table, slotOf(ident) + STARTER_WORKER) === threadId;
}

/** Whether the worker from which a thread was started is still there; true where the platform does not tell. */
export function starterExists(ident: number): boolean {
  const native = load(table, slotOf(ident) + STARTER_NATIVE);
  return native === 0 || kernelHas(native);
}

/** How to find out later whether the worker is still there that a thread runs in now. */
export function workerWatch(ident: number): () => boolean {
  const native = nativeIdOf(ident);
  return native === null || !kernelTells ? () => !hasDied(ident) : () => kernelHas(native);
}

/** There is one Thread more, or fewer, for it in a worker that it was not started from. */
export function countHandle(ident: number, by: 1 | -1): void {
  if (stateOf(ident) !== FREE) add(table, slotOf(ident) + HANDLES, by);
}

/** Whether some Thread in another worker is for it, as long as the table tells of it. */
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

/** What streams of the table watch; a worker may come to another table than it began with. */
export const watchedTable: { readonly cells: Cells; readonly word: number; readonly sequence: number } = {
  get cells() {
    return table;
  },
  word: TABLE_WORD,
  sequence: TABLE_WATCH_SEQ,
};

/** Tells those who watch the table. */
function changed(): void {
  for (;;) {
    const flags = load(table, TABLE_WORD);
    if (flags === 0) return;
    if (compareExchange(table, TABLE_WORD, flags, 0) === flags) break;
  }
  add(table, TABLE_WATCH_SEQ, 1);
  wake(table, TABLE_WATCH_SEQ);
}
