import { isMainThread, threadId } from 'node:worker_threads';
import { compareExchange, load, store } from '../memory/word.js';
import { kernelHas, kernelTells } from './kernel.js';
import {
  clock,
  DEATH_LOG,
  DEATH_LOG_WORDS,
  DEATHS,
  DIED,
  DUMMY,
  FREE,
  HEADER_WORDS,
  HIGH_WATER,
  IDENT,
  LISTED,
  NATIVE,
  PROBED,
  QUEUED,
  RUNNING,
  SLOT_WORDS,
  STARTER_NATIVE,
  STARTER_WORKER,
  slotOf,
  table,
  WORKER,
} from './table.js';
import { flagsOf, markDied, markStarterDied, nativeIdOf, stateOf } from './thread-slots.js';
import { dropTrace } from './trace-flag.js';
import { stoppedWorkers, watchWorker } from './worker-watch.js';

/** Least ms between two looks at the kernel for the same thread, by all threads together. */
const PROBE_EVERY = 40;

/** Queued or running. */
export function isAlive(ident: number): boolean {
  const state = stateOf(ident);
  return (state === QUEUED || state === RUNNING) && !isFoundDead(ident, state);
}

/** Whether its worker died while it ran. Then nobody gives back what it held, unless a waiter takes it over. */
export function hasDied(ident: number): boolean {
  const state = stateOf(ident);
  if (state === QUEUED || state === RUNNING) return isFoundDead(ident, state);
  if (state === DIED) return true;
  return state === FREE && diedLongAgo(ident);
}

function diedLongAgo(ident: number): boolean {
  const deaths = Math.min(load(table, DEATHS) >>> 0, DEATH_LOG_WORDS);
  for (let death = 0; death < deaths; death++) if (load(table, DEATH_LOG + death) === ident) return true;
  return false;
}

/**
 * Looks for the worker that a thread runs in or is about to begin in, or while it is queued for the one that will start it. Asks the kernel, which
 * knows of a death before any event loop does; where the kernel does not tell, see `noticeDeaths`.
 */
function isFoundDead(ident: number, state: number): boolean {
  const slot = slotOf(ident);
  const queued = state === QUEUED && load(table, slot + NATIVE) <= 0;
  const worker = load(table, slot + (queued ? STARTER_WORKER : WORKER));
  if (worker === threadId) return false;
  if (!kernelTells()) {
    noticeDeaths();
    return stateOf(ident) !== state && hasDied(ident);
  }
  const time = clock() | 0;
  const probed = load(table, slot + PROBED);
  // Of 32 bits, unsigned: a difference of 25 days is not taken for a negative one, and so for a moment ago.
  if (probed !== 0 && (time - probed) >>> 0 < PROBE_EVERY) return false;
  store(table, slot + PROBED, time);
  const native = load(table, slot + (queued ? STARTER_NATIVE : NATIVE));
  if (native === 0 || kernelHas(native)) return false;
  // The slot was its own all the while, so the worker was. It may have ended by itself before, as the starter heard.
  if (stateOf(ident) !== state) return hasDied(ident);
  return markDied(ident) || hasDied(ident);
}

/**
 * Where the kernel does not tell, each thread tells the table of the workers that it has started itself, and Node asks no
 * event loop for that: whenever the thread looks for any other, and in every blocking wait. What remains unknown: the death
 * of a worker whose starter computes or sleeps, until that one waits or turns its event loop.
 */
export function noticeDeaths(): void {
  if (!kernelTells()) for (const worker of stoppedWorkers()) workerExited(worker);
}

/**
 * A worker that this thread started has exited, and before it all workers that were started in there. A waiter that asked
 * the kernel may have found that out before.
 */
function workerExited(worker: number): void {
  const gone = new Set([worker]);
  // Grows while it is walked.
  for (const one of gone) {
    eachLive((ident, slot) => {
      const workerOfThread = load(table, slot + WORKER);
      if (workerOfThread !== one && load(table, slot + STARTER_WORKER) !== one) return;
      if (stateOf(ident) === RUNNING) gone.add(workerOfThread);
      markDied(ident);
    });
    markStarterGone(one);
  }
  // A thread that has stopped may have been killed before it came to drop its trace.
  dropTrace();
}

/** This worker ends by itself: what it has started and has not begun never will. Workers that it has started live on for a moment. */
function exiting(): void {
  eachLive((ident, slot) => {
    if (load(table, slot + STARTER_WORKER) === threadId) markStarterDied(ident);
  });
  markStarterGone(threadId);
}

/**
 * Notes in the slots of all threads that the worker has started, ended ones too, that it is gone: who asks for what they gave
 * is answered by nobody. Node numbers no two workers alike, so a slot that is claimed meanwhile keeps its own starter.
 */
function markStarterGone(worker: number): void {
  const most = load(table, HIGH_WATER);
  for (let number = 1; number < most; number++)
    compareExchange(table, HEADER_WORDS + number * SLOT_WORDS + STARTER_WORKER, worker, -worker);
}

if (!isMainThread) process.on('exit', exiting);

/** Every thread whose slot says that it is queued or runs. */
function eachLive(visit: (ident: number, slot: number) => void): void {
  const most = load(table, HIGH_WATER);
  for (let number = 1; number < most; number++) {
    const slot = HEADER_WORDS + number * SLOT_WORDS;
    const ident = load(table, slot + IDENT);
    const state = stateOf(ident);
    if (state === QUEUED || state === RUNNING) visit(ident, slot);
  }
}

process.on('worker', (worker) => watchWorker(worker, workerExited));

/** Idents of the live threads, in the order of their slots; `includeUnlisted`: also of dummy threads that are not LISTED. */
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

/** Whether the worker from which a thread was started is still there. */
export function starterExists(ident: number): boolean {
  noticeDeaths();
  if (load(table, slotOf(ident) + STARTER_WORKER) < 0) return false;
  const native = load(table, slotOf(ident) + STARTER_NATIVE);
  return native === 0 || kernelHas(native);
}

/** Returns how to ask, later and again, whether the worker still exists that the thread runs in now. */
export function workerWatch(ident: number): () => boolean {
  const native = nativeIdOf(ident);
  return native === null || !kernelTells() ? () => !hasDied(ident) : () => kernelHas(native);
}
