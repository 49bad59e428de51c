import { watchOver } from '../primitives/loop.js';
import { isAlive, nameOf, STATE, slotOf, stateOf, table } from '../primitives/thread-table.js';
import { type Waited, WaitRecord } from '../primitives/waits.js';
import { load, parkAsync } from '../primitives/word.js';

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
  #patrolled = false;

  /** @param ended - runs first, before those that wait */
  constructor(ident: number, ended: () => void) {
    this.#ident = ident;
    this.#ended = ended;
  }

  /** Returns how to stop waiting, or nothing when the thread has ended already. */
  add(ended: () => void): (() => void) | undefined {
    this.#waiting.add(ended);
    this.#record.set(joined(this.#ident), this.#waiting.size);
    this.look();
    if (!this.#waiting.has(ended)) return undefined;
    if (!this.#patrolled) watchOver(this);
    this.#patrolled = true;
    return () => {
      this.#waiting.delete(ended);
      this.#record.set(joined(this.#ident), this.#waiting.size);
    };
  }

  /** On patrol too: nobody wakes the sleepers of a thread that was killed. */
  look(): boolean {
    if (this.#waiting.size > 0) {
      if (isAlive(this.#ident)) this.#sleep();
      else this.#tell();
    }
    this.#patrolled = this.#waiting.size > 0;
    return this.#patrolled;
  }

  #tell(): void {
    this.#ended();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    this.#record.set(joined(this.#ident), 0);
    for (const ended of waiting) ended();
  }

  #sleep(): void {
    if (this.#asleep) return;
    const cell = slotOf(this.#ident) + STATE;
    const state = load(table, cell);
    if (stateOf(this.#ident) !== state) return;
    this.#asleep = parkAsync(table, cell, state, () => {
      this.#asleep = false;
      this.look();
    });
  }
}
