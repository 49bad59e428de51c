import { now } from '../../primitives/waiting/event-loop.js';

/** The clock costs more than a value: of what comes faster than this, in ms, one in so many looks at it. */
const FAST = 0.05;
const LOOK_EVERY = 8;

/** The time, for what happens over and over. */
export class SampledClock {
  #time: number = now();
  #unseen = 1;

  /** ms; late by no more than the last few that came fast. */
  tick(): number {
    return --this.#unseen > 0 ? this.#time : this.look();
  }

  /** ms, exactly. */
  look(): number {
    const time = now();
    this.#unseen = time - this.#time < FAST ? LOOK_EVERY : 1;
    this.#time = time;
    return time;
  }
}
