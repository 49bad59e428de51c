import { now } from '../../primitives/waiting/event-loop.js';

/** ms between two events that come fast. */
const FAST = 0.05;
/** Of events that come fast, one in so many reads the clock. */
const LOOK_EVERY = 8;

/** The time, for events that come so often that to read the clock costs more than they do. */
export class SampledClock {
  #time: number = now();
  #unseen = 1;

  /** ms; late by what the last few events took, if these came fast. */
  roughly(): number {
    return --this.#unseen > 0 ? this.#time : this.exactly();
  }

  /** ms, exactly. */
  exactly(): number {
    const time = now();
    this.#unseen = time - this.#time < FAST ? LOOK_EVERY : 1;
    this.#time = time;
    return time;
  }
}
