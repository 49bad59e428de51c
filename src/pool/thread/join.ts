import { park, parkAsync } from '../../primitives/memory/word.js';
import { throwIfCancelled } from '../../primitives/threads/cancel-flag.js';
import { isAlive } from '../../primitives/threads/liveness.js';
import { clock, STATE, slotOf, table } from '../../primitives/threads/table.js';
import { liveWord, nameOf } from '../../primitives/threads/thread-slots.js';
import { block, unblock, type Waited, WaitRecord } from '../../primitives/threads/wait-record.js';
import { RECHECK_MS, recheckPeriodically } from '../../primitives/waiting/event-loop.js';
import { type WaitEnd, waitBegins, waitEnds } from '../../primitives/waiting/noted-wait.js';
import { siteHere } from '../../primitives/waiting/wait-site.js';
import { drainTraces } from '../wire/bus.js';

/** The thread that is joined, as the wait-for graph shows it: the negative number is that of no primitive. */
export function joined(ident: number): Waited {
  return { id: -ident, name: nameOf(ident), owner: ident };
}

/**
 * All joins of one thread that wait on this thread's event loop. One `waitAsync` on the joined thread's STATE serves them
 * all, because a `waitAsync` cannot be cancelled and one for each join would pile up.
 */
export class EndWatch {
  readonly #ident: number;
  readonly #beforeWaiters: () => void;
  readonly #waiting = new Set<() => void>();
  readonly #record = new WaitRecord();
  #asleep = false;
  #rechecked = false;

  /** @param beforeWaiters - runs when the thread has ended, before those that wait are told */
  constructor(ident: number, beforeWaiters: () => void) {
    this.#ident = ident;
    this.#beforeWaiters = beforeWaiters;
  }

  /** `ended` runs once the thread has ended, maybe within this call. Returns how to stop waiting. */
  add(ended: () => void): () => void {
    this.#waiting.add(ended);
    this.#record.set(joined(this.#ident), this.#waiting.size);
    if (!this.#rechecked) recheckPeriodically(this);
    this.#rechecked = true;
    this.recheck();
    return () => {
      if (this.#waiting.delete(ended)) this.#record.set(joined(this.#ident), this.#waiting.size);
    };
  }

  /** Called when STATE changes, and every RECHECK_MS ms, because nobody wakes the sleepers of a thread that was killed. */
  recheck(): boolean {
    if (this.#waiting.size === 0) this.#rechecked = false;
    else if (isAlive(this.#ident)) this.#sleep();
    else this.#tell();
    return this.#rechecked;
  }

  #tell(): void {
    drainTraces();
    this.#beforeWaiters();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    this.#record.set(joined(this.#ident), 0);
    for (const ended of waiting) ended();
  }

  #sleep(): void {
    const cell = slotOf(this.#ident) + STATE;
    while (!this.#asleep) {
      const word = liveWord(this.#ident);
      // The thread has ended: `recheck` finds that in a moment.
      if (word === undefined) return;
      this.#asleep = parkAsync(table, cell, word, () => {
        this.#asleep = false;
        this.recheck();
      });
    }
  }
}

/**
 * Blocks until the thread has ended; false after `timeout` ms. Sleeps at most RECHECK_MS ms at a stretch, because a thread
 * that was killed wakes nobody.
 *
 * @param look - called after each sleep, for what the event loop would find
 */
export function joinBlocking(ident: number, timeout: number, look: () => void): boolean {
  const since = clock();
  const cell = slotOf(ident) + STATE;
  const on = joined(ident);
  let end: WaitEnd = 'left';
  const counted = waitBegins(on, 'blocking');
  const site = siteHere();
  block(on, since, since + timeout, site);
  try {
    for (;;) {
      const word = liveWord(ident);
      if (word === undefined || !isAlive(ident)) {
        end = 'woken';
        return true;
      }
      const left = since + timeout - clock();
      if (left <= 0) {
        end = 'timeout';
        return false;
      }
      throwIfCancelled();
      if (park(table, cell, word, Math.min(left, RECHECK_MS)) === 'timed-out') look();
    }
  } finally {
    unblock(waitEnds(on, { counted, since, site }, end, 'blocking'));
    drainTraces();
  }
}
