import type { Cells } from '../memory/word.js';

/** Not yet. */
export const PENDING: unique symbol = Symbol('pending');
/** Not yet, and nobody will wake: it is another thread's turn for a moment. */
export const YIELDED: unique symbol = Symbol('yielded');
export type Outcome<T> = T | typeof PENDING | typeof YIELDED;

/**
 * One wait, as a primitive describes it; the two faces run it, one blocking the thread (blocking.ts), one in the
 * thread's queue (local-queue.ts). Each step may be repeated and none blocks.
 */
export interface Attempt<T> {
  /** Looks, and takes what there is to take. A throw ends the wait. */
  poll(): Outcome<T>;
  /** Time is up: what the wait comes to; PENDING when that is being decided this moment. A throw ends the wait. */
  expire(): Outcome<T>;
  /** The waiter is gone: gives its place up and passes on what it had been granted. */
  leave(): void;
  /** `ident` of whoever must let go first. */
  owner(): number | null;
}

/** An attempt that can also block its thread. */
export interface BlockingAttempt<T> extends Attempt<T> {
  /** The word that the thread sleeps on. */
  readonly cells: Cells;
  readonly cell: number;
  /** Asks to be woken. Returns the value to sleep on: looking again after this misses no change. */
  mark(): number;
}
