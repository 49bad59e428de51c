import { load, store } from '../memory/word.js';
import { current } from './current-ident.js';
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
  slotOf,
  table,
  WORKER,
} from './table.js';
import { flagsOf, markDied, nativeIdOf, stateOf } from './thread-slots.js';

/** Least ms between two looks at the kernel for the same thread, by all threads together. */
const PROBE_EVERY = 40;

/** Queued or running. */
export function isAlive(ident: number): boolean {
  const state = stateOf(ident);
  return state === QUEUED || (state === RUNNING && !kernelLostIt(ident));
}

/** Whether its worker died while it ran. Then nobody gives back what it held, unless a waiter takes it over. */
export function hasDied(ident: number): boolean {
  const state = stateOf(ident);
  if (state === RUNNING) return kernelLostIt(ident);
  if (state === DIED) return true;
  return state === FREE && diedLongAgo(ident);
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

/** A worker that this thread started has exited. A waiter that asked the kernel may have found that out before. */
function workerExited(worker: number): void {
  const most = load(table, HIGH_WATER);
  for (let number = 1; number < most; number++) {
    const slot = HEADER_WORDS + number * SLOT_WORDS;
    if (load(table, slot + WORKER) === worker) markDied(load(table, slot + IDENT));
  }
}

process.on('worker', (worker) => {
  // Now: it reads -1 once the worker has exited.
  const { threadId: number } = worker;
  worker.once('exit', () => workerExited(number));
});

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

/** Whether the worker from which a thread was started is still there; true where the platform does not tell. */
export function starterExists(ident: number): boolean {
  const native = load(table, slotOf(ident) + STARTER_NATIVE);
  return native === 0 || kernelHas(native);
}

/** Returns how to ask, later and again, whether the worker still exists that the thread runs in now. */
export function workerWatch(ident: number): () => boolean {
  const native = nativeIdOf(ident);
  return native === null || !kernelTells ? () => !hasDied(ident) : () => kernelHas(native);
}
