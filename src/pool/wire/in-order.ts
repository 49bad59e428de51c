import { Fifo } from './fifo.js';

/**
 * Runs steps one after the other: one that is given within another runs after that, where it would overtake what the other has
 * yet to tell. For what is heard from ports, which code of the user's that is told of it may read on by blocking.
 */
export class InOrder {
  readonly #ahead = new Fifo<() => void>();
  #runs = false;

  take(step: () => void): void {
    this.#ahead.push(step);
    if (this.#runs) return;
    this.#runs = true;
    try {
      for (let next = this.#ahead.shift(); next !== undefined; next = this.#ahead.shift()) next();
    } finally {
      this.#runs = false;
    }
  }
}
