import { load, park, parkAsync } from '../../primitives/memory/word.js';
import { throwIfCancelled } from '../../primitives/threads/cancel-flag.js';
import { isAlive } from '../../primitives/threads/liveness.js';
import { QUEUED, RUNNING, STATE, slotOf, table } from '../../primitives/threads/table.js';
import { nameOf, stateOf } from '../../primitives/threads/thread-slots.js';
import { block, unblock, type Waited, WaitRecord } from '../../primitives/threads/wait-graph.js';
import { now, RECHECK_MS, recheckPeriodically } from '../../primitives/waiting/event-loop.js';

/** A thread that is joined, as the wait-for graph shows it: its number is that of no primitive. */
export function joined(ident: number): Waited {
  return { id: -ident, name: nameOf(ident), owner: ident };
}

/** All of this thread that wait, from its event loop, for the end of one thread: one sleeper for them all. */
export class EndWatch {
  readonly #ident: number;
  readonly #ended: () => void;
  readonly #waiting = new Set<() => void>();
  readonly #record = new WaitRecord();
  #asleep = false;
  #rechecked = false;

  /** @param ended - runs first, before those that wait */
  constructor(ident: number, ended: () => void) {
    this.#ident = ident;
    this.#ended = ended;
  }

  /** Returns how to stop waiting, or nothing when the thread has ended already. */
  add(ended: () => void): (() => void) | undefined {
    this.#waiting.add(ended);
    this.#record.set(joined(this.#ident), this.#waiting.size);
    if (!this.#rechecked) recheckPeriodically(this);
    this.#rechecked = true;
    this.recheck();
    return () => {
      if (this.#waiting.delete(ended)) this.#record.set(joined(this.#ident), this.#waiting.size);
    };
  }

  /** Periodically too: nobody wakes the sleepers of a thread that was killed. */
  recheck(): boolean {
    if (this.#waiting.size === 0) this.#rechecked = false;
    else if (isAlive(this.#ident)) this.#sleep();
    else this.#tell();
    return this.#rechecked;
  }

  #tell(): void {
    this.#ended();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    this.#record.set(joined(this.#ident), 0);
    for (const ended of waiting) ended();
  }

  #sleep(): void {
    const cell = slotOf(this.#ident) + STATE;
    while (!this.#asleep) {
      const state = load(table, cell);
      // Ended, or its slot is another's already: the recheck tells.
      if (state !== QUEUED && state !== RUNNING) return;
      this.#asleep = parkAsync(table, cell, state, () => {
        this.#asleep = false;
        this.recheck();
      });
    }
  }
}

/** Blocks until the thread has ended; false after `timeout` ms. It looks again now and then: a killed one wakes nobody. */
export function joinBlocking(ident: number, timeout: number): boolean {
  const deadline = now() + timeout;
  const cell = slotOf(ident) + STATE;
  block(joined(ident));
  try {
    for (;;) {
      const state = load(table, cell);
      if (!isAlive(ident)) return true;
      const left = deadline - now();
      if (left <= 0) return false;
      throwIfCancelled();
      if (stateOf(ident) === state) park(table, cell, state, Math.min(left, RECHECK_MS));
    }
  } finally {
    unblock();
  }
}
