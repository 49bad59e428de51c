import { Subscription } from 'rxjs';
import type { Event } from '../../primitives/event.js';

/**
 * The one wait for an Event that an operator has while values of its queue depend on it.
 * Invariant: between `from` and `stop` or `changed`, the wait is pending.
 */
export class EventWatch {
  readonly #event: Event;
  readonly #changed: () => void;
  readonly #failed: (error: unknown) => void;
  #wait: Subscription | undefined;

  /**
   * @param changed - the event's generation is another
   * @param failed - the wait was refused
   */
  constructor(event: Event, changed: () => void, failed: (error: unknown) => void) {
    this.#event = event;
    this.#changed = changed;
    this.#failed = failed;
  }

  /** Waits, unless it does already, until the event's generation is not this one. */
  from(generation: number): void {
    if (this.#wait !== undefined) return;
    this.#wait = new Subscription();
    const left = this.#event.beginAt(generation, Number.POSITIVE_INFINITY, undefined, {
      resolve: () => {
        this.#wait = undefined;
        this.#changed();
      },
      reject: this.#failed,
    });
    this.#wait?.add(left);
  }

  stop(): void {
    this.#wait?.unsubscribe();
    this.#wait = undefined;
  }
}
