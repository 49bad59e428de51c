import { load } from '../memory/word.js';
import { claimAgain, claimSlot, type Starter, show, unclaim } from './claim-slot.js';
import { NUMBER, slotOf, table } from './table.js';
import { notePool } from './thread-notes.js';

/** A slot is kept for so many threads: it has 32,767 idents, which small jobs would go through in less than a second. */
const MOST_THREADS = 64;

/**
 * The slot that a worker keeps for the threads it runs one after the other in another's name: the next ident is the last
 * one plus SLOTS, and the name stays where it is the same but for its number.
 */
export class KeptSlot {
  readonly #starter: Starter;
  readonly #pool: number;
  #ident = 0;
  #name = '';
  #left = 0;

  /**
   * @param starter - who the threads count as started from
   * @param pool - `id` of the ThreadPool whose jobs they are; 0: of none
   */
  constructor(starter: Starter, pool = 0) {
    this.#starter = starter;
    this.#pool = pool;
  }

  /**
   * An ident for a thread that this worker is about to run; then `show` it, or `giveBack` where the worker has nothing to run
   * after all. The thread before must have ended.
   *
   * @param number - 0: `name` is all of the name; else the N of `Thread-N (name)`
   * @throws ThreadError when all slots are taken
   */
  claim(name: string, flags: number, number: number): number {
    const again = this.#left-- > 0 ? this.#claimAgain(name, flags, number) : 0;
    if (again === 0) this.#left = MOST_THREADS - 1;
    this.#ident = again || claimSlot(name, flags, number, this.#starter);
    this.#name = name;
    return this.#ident;
  }

  /** Once the job is the worker's: who has found the thread before would ask in vain for what it gives. */
  show(): void {
    notePool(this.#ident, this.#pool);
    show(this.#ident);
  }

  giveBack(): void {
    unclaim(this.#ident);
  }

  #claimAgain(name: string, flags: number, number: number): number {
    // Who renames a thread sets its NUMBER to 0.
    const same = name === this.#name && number !== 0 && load(table, slotOf(this.#ident) + NUMBER) !== 0;
    return claimAgain(this.#ident, same ? null : name, flags, number, this.#starter);
  }
}
