/**
 * Runs steps one after the other: one that is given within another runs after that, where it would overtake what the other has
 * yet to tell. For what is heard from ports, which code of the user's that is told of it may read on by blocking.
 */
export class InOrder {
  /** A Set: an array of more than 50,000 is moved whole by each `shift`, and as many may come while a step blocks. */
  readonly #ahead = new Set<() => void>();
  #runs = false;

  /** @param step - another function each time */
  take(step: () => void): void {
    this.#ahead.add(step);
    if (this.#runs) return;
    this.#runs = true;
    try {
      for (const next of this.#ahead) {
        this.#ahead.delete(next);
        next();
      }
    } finally {
      this.#runs = false;
    }
  }
}
