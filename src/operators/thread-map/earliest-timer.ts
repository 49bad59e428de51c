import { after, now } from '../../primitives/waiting/event-loop.js';

/** Calls back once, at the earliest of the times it was set to since it last did. Does not keep the process alive. */
export class EarliestTimer {
  readonly #onDue: () => void;
  #at = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** In so many ms at the latest. */
  set(ms: number): void {
    const at = now() + ms;
    if (at >= this.#at) return;
    this.#cancel?.();
    this.#at = at;
    this.#cancel = after(ms, () => {
      this.#at = Number.POSITIVE_INFINITY;
      this.#onDue();
    });
  }

  /** For good. */
  stop(): void {
    this.#at = Number.NEGATIVE_INFINITY;
    this.#cancel?.();
  }
}
