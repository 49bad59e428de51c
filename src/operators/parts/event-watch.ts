import { Subscription } from 'rxjs';
import type { Gate } from '../../primitives/gate.js';

/**
 * An Event as an operator sees it whose values depend on what it was when they came, and the one wait for it while there
 * are any. Invariant: between `from` and `stop` or `changed`, the wait is pending.
 */
export class EventWatch {
  readonly #event: Gate;
  readonly #changed: () => void;
  readonly #failed: (error: unknown) => void;
  #wait: Subscription | undefined;
  /** What the generation was when it was first heard of; NaN: it had changed by then. */
  #heard: number | undefined;

  /**
   * @param changed - the event's generation is another
   * @param failed - the wait was refused
   */
  constructor(event: Gate, changed: () => void, failed: (error: unknown) => void) {
    this.#event = event;
    this.#changed = changed;
    this.#failed = failed;
  }

  /** Odd while set; below 0 while nothing has been heard of it. */
  get generation(): number {
    return this.#event.generation;
  }

  get isSet(): boolean {
    return this.generation >= 0 && (this.generation & 1) === 1;
  }

  /** Whether it has not changed since it was at that generation, as far as is known. */
  unchangedSince(generation: number): boolean {
    const now = this.generation;
    if (generation >= 0) return generation === now;
    if (now >= 0) this.#heard ??= now;
    return now < 0 || now === this.#heard;
  }

  /** Waits, unless it does already, until the event has changed since it was at that generation. */
  from(generation: number): void {
    if (this.#wait !== undefined) return;
    const wait = new Subscription();
    this.#wait = wait;
    const since = generation < 0 ? (this.#heard ?? generation) : generation;
    const left = this.#event.beginAt(since, Number.POSITIVE_INFINITY, undefined, {
      resolve: () => {
        this.#wait = undefined;
        this.#heard ??= Number.NaN;
        this.#changed();
      },
      reject: this.#failed,
    });
    // `stop` may have been called meanwhile, as a trace function is told of the wait.
    wait.add(left);
  }

  stop(): void {
    this.#wait?.unsubscribe();
    this.#wait = undefined;
  }
}
