import { getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads';
import { writeText } from '../memory/text.js';
import {
  add,
  allocateWithReserve,
  type Cells,
  compareExchange,
  firstWords,
  load,
  store,
  wake,
} from '../memory/word.js';

/**
 * The table of all threads of the process, in shared memory: who runs, under which ident, and how it ended. It is what
 * lets a primitive survive a kill: a waiter finds the owner's ident in the lock's word and asks the table whether that
 * thread still lives, without help of any event loop. Main makes the table, workers inherit it as environment data.
 *
 * An ident is the number of a slot in its low 12 bits, and above them how often that slot was claimed. Main has slot 0.
 * Who touches the table: claim-slot.ts takes a slot, thread-slots.ts moves it from state to state, liveness.ts tells who
 * is alive and finds the dead, current-ident.ts knows which ident this worker's code runs under, wait-graph.ts writes who
 * waits for what, trace-flag.ts whether anybody looks. Behind the table, in the same memory, lies what is kept for monitors
 * (reserve.ts).
 *
 * A slot's STATE is one word of the ident it belongs to and of how that thread is:
 *   FREE, STOPPED, DIED of any ident, -native of a dead starter -a starter claims it-> -native, its own id of the kernel
 *   STOPPED -the worker that the thread ran in, for its next one (kept-slot.ts)-> -native, likewise
 *   -native -the same thread, having filled it-> QUEUED of the next ident -the worker-> RUNNING
 *   -native -the same thread, whose job was taken back meanwhile-> STOPPED of the next ident
 *   QUEUED, RUNNING -the thread itself, its target has ended-> STOPPED
 *   QUEUED -the starter withdraws it-> STOPPED;  QUEUED -the starter could not start it-> FREE
 *   QUEUED, RUNNING -any thread that finds its worker dead, or while it is QUEUED that of its starter-> DIED
 * Invariant: no two claims give the same ident, and a slot belongs to an ident until it is claimed again. Whoever changes
 * anything of a slot for an ident that is not its own compares the ident in that very exchange, because the slot may have
 * gone round the table since that thread was looked at: so STATE, CANCEL and HANDLES hold the ident, and NATIVE and WORKER
 * do until they are known. Slots are claimed round and round, so that an ident stays readable for thousands of starts
 * after its end; only the last ident of a kept slot goes sooner.
 *
 * A death is found by four: a waiter that asks the kernel for the owner of what it waits for, the `exit` event of the
 * worker in the thread that started it, the starter's own watch over its worker, and the dying worker itself. All four
 * make the same compare-exchange, so that whoever comes first decides and the rest change nothing. What a dead worker's
 * thread had started is dead as well: Node ends nested workers first, and who is queued has nobody to begin it.
 */
export const FREE = 0;
export const QUEUED = 1;
export const RUNNING = 2;
export const STOPPED = 3;
export const DIED = 4;

const STATE_BITS = 3;

/** What STATE holds of a thread. */
export function stateWord(ident: number, state: number): number {
  return (ident << STATE_BITS) | state;
}

/** The state in a slot's STATE word, whosever it is: negative while the slot is being filled. */
export function stateIn(word: number): number {
  return word < 0 ? word : word & ((1 << STATE_BITS) - 1);
}

/** Whose a slot's STATE word is; negative while the slot is being filled. */
export function identIn(word: number): number {
  return word >> STATE_BITS;
}

/** Of a slot's FLAGS. */
export const DAEMON = 1;
/** Of a worker that somebody else started: Python's dummy threads. */
export const DUMMY = 2;
/** A dummy thread that called currentThread(): only then does enumerate() list it, as Python lists dummy threads. */
export const LISTED = 4;
/** Runs in a worker of its own, and not in one of a ThreadPool: counted by thread-limit.ts. */
export const OWN_WORKER = 8;
/** It has sent its own Thread to another, which may not have it yet when it ends. */
export const SENT_ITSELF = 16;

export const ENVIRONMENT_KEY = 'rxjs-threading';
/** Copies of this library with the same one can use each other's table. */
export const LAYOUT = 0x7ead0006;

// The header.
const LAYOUT_CELL = 0;
export const HIGH_WATER = 1;
export const CURSOR = 2;
const PRIMITIVE_IDS = 3;
const THREAD_NUMBERS = 4;
export const DEATHS = 5;
/** See trace-flag.ts. */
export const TRACE = 7;
/** Flags and sequence number for those who watch the table. */
const TABLE_WORD = 8;
const TABLE_WATCH_SEQ = 9;
export const WAITS_HIGH_WATER = 10;
/** Who made the table, when, and chance: the same in all views of one table, and in no two tables. */
const ORIGIN = 11;
const ORIGIN_WORDS = 3;
/** See thread-limit.ts; 0: the default. */
export const THREAD_LIMIT = 15;
/** How many events there were: see event-ring.ts. */
export const RING_HEAD = 16;
const POOL_IDS = 17;
/** How many primitives were waited for: see contention.ts; and how many histograms these have. */
export const CONTENDED_COUNT = 18;
export const HISTOGRAM_COUNT = 19;
export const HEADER_WORDS = 64;

// A slot.
export const IDENT = 0;
export const STATE = 1;
export const FLAGS = 2;
/** The kernel's id of the thread that it runs in, 0 where the platform does not tell it; -ident until it runs. */
export const NATIVE = 3;
/** Node's number of the worker that it runs in; -ident until that is known. */
export const WORKER = 4;
export const PROBED = 5;
/** See cancel-flag.ts. The thread's `sleepSync` parks on it. */
export const CANCEL = 6;
/** What it wants to be told of: see trace-flag.ts. */
export const TRACES = 7;
/** How many waits have begun in the slot: see wait-graph.ts. */
export const WAITS_BEGUN = 8;
/** What the thread runs: a number of strings.ts. And the ThreadPool whose job it is, 0: none. See thread-facts.ts. */
export const TARGET = 9;
export const POOL = 10;
/** `ident` of the thread that started it; 0: none of this library's. */
export const STARTED_BY = 11;
/** When its state began, in ms. */
export const STATE_SINCE = 12;
/** When `sleepSync` began, in ms, 0: it does not sleep; and when it ends. */
export const SLEEPS_SINCE = 14;
export const SLEEPS_UNTIL = 16;
/** For how long it was blocked, in µs. */
export const BLOCKED_TIME = 18;
/** 0: NAME is all of the name; else the N of `Thread-N (NAME)`. */
export const NUMBER = 28;
/** Of the worker that it was started from: the kernel's id, 0 where the platform does not tell it, and Node's, negative once it is gone. */
export const STARTER_NATIVE = 29;
export const STARTER_WORKER = 30;
/** How many Thread objects for it have to ask its starter what it gives: see `countHandle`. */
export const HANDLES = 31;
export const NAME = 32;
export const NAME_WORDS = 96;
/** The longest name of a thread, in bytes of UTF-8. */
export const NAME_BYTES: number = (NAME_WORDS - 1) * 4;
/** What the thread blocks on: see wait-graph.ts. */
export const BLOCKED = 128;
export const SLOT_WORDS = 160;

const SLOT_BITS = 12;
export const SLOTS: number = 1 << SLOT_BITS;
/** Idents fit below the flags of a lock's word. */
const IDENT_MASK: number = (1 << 27) - 1;
/** Idents of threads that died, kept after their slots were claimed again: their locks may be found much later. */
export const DEATH_LOG: number = HEADER_WORDS + SLOTS * SLOT_WORDS;
export const DEATH_LOG_WORDS: number = 1 << 16;
export const WAITS: number = DEATH_LOG + DEATH_LOG_WORDS;
export const WAIT_WORDS = 32;
/** Of a wait's record: the number of the primitive, 0: none; a negative one is the ident of a thread that is joined. */
export const PRIMITIVE = 1;
export const MOST_WAITS: number = 1 << 16;
/** The slot 0 is main's, whether or not main has loaded this library. */
export const MAIN_IDENT: number = SLOTS;

export const TABLE_WORDS: number = WAITS + MOST_WAITS * WAIT_WORDS;
/** How far the memory can grow behind the table: see reserve.ts. */
const RESERVED_WORDS = 1 << 24;
/** Slot 0 is main's. */
const FIRST_SLOT = 1;

let madeHere = false;
export let table: Cells = inherited() ?? create();

function inherited(): Cells | null {
  return tableIn(getEnvironmentData(ENVIRONMENT_KEY));
}

function create(): Cells {
  madeHere = true;
  const cells = allocateWithReserve(TABLE_WORDS, TABLE_WORDS + RESERVED_WORDS);
  store(cells, LAYOUT_CELL, LAYOUT);
  const origin = [threadId, process.hrtime()[1], (Math.random() * 2 ** 32) | 0];
  origin.forEach((value, word) => {
    store(cells, ORIGIN + word, value);
  });
  store(cells, CURSOR, FIRST_SLOT);
  store(cells, HIGH_WATER, 1);
  store(cells, HEADER_WORDS + IDENT, MAIN_IDENT);
  // The kernel's id of a process's first thread is that of the process.
  store(cells, HEADER_WORDS + NATIVE, process.pid);
  store(cells, HEADER_WORDS + CANCEL, notCancelled(MAIN_IDENT));
  store(cells, HEADER_WORDS + HANDLES, noHandles(MAIN_IDENT));
  store(cells, HEADER_WORDS + STATE, stateWord(MAIN_IDENT, RUNNING));
  writeText(cells, HEADER_WORDS + NAME, NAME_WORDS, 'MainThread');
  setEnvironmentData(ENVIRONMENT_KEY, cells.buffer);
  return cells;
}

/** Taken as the library loads, because tests that mock time replace it later. */
const hrtime = process.hrtime;

/** Milliseconds on one clock for all threads of the process. */
export function clock(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** Where a thread's slot begins. */
export function slotOf(ident: number): number {
  return HEADER_WORDS + (ident & (SLOTS - 1)) * SLOT_WORDS;
}

/** The ident of who claims a slot next; `last`: who had it, 0 when nobody has had it yet. */
export function identAfter(last: number, slotNumber: number): number {
  const ident = ((last & ~(SLOTS - 1)) + SLOTS + slotNumber) & IDENT_MASK;
  return ident < SLOTS ? ident + SLOTS : ident;
}

/** What CANCEL of a slot holds at first: see cancel-flag.ts. */
export function notCancelled(ident: number): number {
  return ident << 2;
}

/** What HANDLES of a slot holds at first: the upper part of the ident, above room for the count. */
export function noHandles(ident: number): number {
  return (ident >>> SLOT_BITS) << 16;
}

/** From 1 to 2 ** 31 - 1, and then from 1 again: a process that is up for days comes there. */
function nextOf(cell: number): number {
  return (add(table, cell, 1) + 1) & 0x7fff_ffff || nextOf(cell);
}

/** A number that no other primitive of the process has. */
export function nextPrimitiveId(): number {
  return nextOf(PRIMITIVE_IDS);
}

/** A number that no other pool of the process has. */
export function nextPoolId(): number {
  return nextOf(POOL_IDS);
}

/** The N of `Thread-N`. */
export function nextThreadNumber(): number {
  return nextOf(THREAD_NUMBERS);
}

/** Makes a cell of the table at least `to`. */
export function raise(cell: number, to: number): void {
  for (let seen = load(table, cell); seen < to; seen = load(table, cell)) {
    compareExchange(table, cell, seen, to);
  }
}

/** What streams of the table watch. Read anew each time, because a worker may join another table: see `joinTable`. */
export const watchedTable: { readonly cells: Cells; readonly word: number; readonly sequence: number } = {
  get cells() {
    return table;
  },
  word: TABLE_WORD,
  sequence: TABLE_WATCH_SEQ,
};

/** Wakes the streams that watch the table; called after every change that they show. */
export function changed(): void {
  for (;;) {
    const flags = load(table, TABLE_WORD);
    if (flags === 0) return;
    if (compareExchange(table, TABLE_WORD, flags, 0) === flags) break;
  }
  add(table, TABLE_WATCH_SEQ, 1);
  wake(table, TABLE_WATCH_SEQ);
}

/** The table of threads in that memory; null when it is none, or of another version. */
export function tableIn(buffer: unknown): Cells | null {
  const cells = firstWords(buffer, TABLE_WORDS);
  return cells !== null && load(cells, LAYOUT_CELL) === LAYOUT ? cells : null;
}

/** Whether the memory is that of this worker's table: two views of it are two objects here. */
export function isSameTable(cells: Cells): boolean {
  for (let word = 0; word < ORIGIN_WORDS; word++)
    if (load(cells, ORIGIN + word) !== load(table, ORIGIN + word)) return false;
  return true;
}

/** What tells the table from those of threads that have another: in names of what all workers of the process can reach. */
export function tableName(): string {
  return Array.from({ length: ORIGIN_WORDS }, (_, word) => load(table, ORIGIN + word) >>> 0).join('-');
}

/** Whether this worker has made its table itself, and nothing stands in it yet. */
export function tableMayChange(): boolean {
  if (!madeHere) return false;
  const untouched = [PRIMITIVE_IDS, THREAD_NUMBERS, POOL_IDS, TRACE, TABLE_WORD];
  return load(table, CURSOR) === FIRST_SLOT && untouched.every((cell) => load(table, cell) === 0);
}

/** Makes another table this worker's, and that of the workers it starts; called by `joinTable`. */
export function useTable(cells: Cells): void {
  table = cells;
  madeHere = false;
  setEnvironmentData(ENVIRONMENT_KEY, cells.buffer);
}
