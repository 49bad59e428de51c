import type { Cells } from '../memory/word.js';

/** Nothing to take yet; whoever changes that wakes the waiter. */
export const PENDING: unique symbol = Symbol('pending');
/** It is free, but another thread was promised the next turn. No wake-up follows: look again after YIELD_MS. */
export const YIELDED: unique symbol = Symbol('yielded');
export type Outcome<T> = T | typeof PENDING | typeof YIELDED;

/** How long a waiter yields, at most, to the thread whose turn it is: that thread may be busy, or dead. */
export const YIELD_MS = 5;

export function isDecided<T>(outcome: Outcome<T>): outcome is T {
  return outcome !== PENDING && outcome !== YIELDED;
}

/**
 * The story of every wait. A primitive says in an Attempt what its waiters look for and what they leave behind; two
 * loops run it, whatever the primitive: waitBlocking (blocking-wait.ts) blocks the thread, LocalQueue (local-queue.ts)
 * keeps the Observable waits of a thread, started by beginWait (begin-wait.ts). Both are this:
 *
 *   outcome = attempt.begin(ahead)                  the first look: most waits end here
 *   while outcome is PENDING or YIELDED:
 *     if the waiter has gone: attempt.leave(), over          unsubscribed, aborted, or its thread cancelled
 *     seen = attempt.mark()                         asks to be woken, before the look that decides about sleeping
 *     outcome = attempt.poll(), and when time is up, attempt.expire()
 *     else tell attempt.owner() to the wait graph, sleep while the word is `seen`
 *
 * Mark, then look, then sleep: a change after `mark` wakes, a change before it is seen by `poll`. So none is missed, and
 * whoever makes a change wakes nobody unless somebody marked. The queue's mark is AGENTS, set for all its waits at once.
 *
 * Any step may be repeated, none blocks or runs code of the user's but a Barrier's action, and a throw of `begin`, `poll`
 * or `expire` ends the wait with that error. A sleep ends after RECHECK_MS at the latest, because whoever was to wake
 * the sleeper may have been killed between a change and its wake-up.
 */
export interface Attempt<T> {
  /**
   * true: it takes something that must be released. Then a blocking wait comes here only after its caller has looked in
   * vain, because a free acquireSync makes no attempt; and the trace tells `acquire` and `acquired` of it.
   */
  readonly acquires: boolean;
  /** true: in a queue it cannot end before those ahead of it, so only the first is polled. */
  readonly inTurn: boolean;
  /** true: what it comes to depends on the section that waits, so in a queue it is polled in the context of who waits. */
  readonly scoped?: boolean;
  /** The first look. @param ahead - how many Observable waits of this thread queue already, which go first */
  begin(ahead: number, timeout: number): Outcome<T>;
  /** Looks again, and takes what there is to take. */
  poll(): Outcome<T>;
  /**
   * Time is up: what the wait comes to; PENDING when that is being decided this moment.
   *
   * @param isFirst - no Observable wait of this thread queues before it
   */
  expire(isFirst: boolean): Outcome<T>;
  /** The waiter is gone: gives its place up and passes on what it had been granted. */
  leave(): void;
  /** `ident` of the thread that must let go first; null: nobody in particular. */
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
