import { now } from '../../primitives/waiting/event-loop.js';
import type { Batch } from './batch.js';
import { EarliestTimer } from './earliest-timer.js';
import type { Losses } from './losses.js';
import type { MapSession } from './session.js';

/**
 * Looks out for values that take longer than a threadMap's `timeout`: never early, and late by a tenth of it, 50 ms at
 * most, because which value a worker is at is read from its batch's word, and the worker does not tell.
 */
export class ValueLimit {
  readonly #ms: number;
  readonly #sessions: Iterable<MapSession>;
  readonly #losses: Losses;
  readonly #timer = new EarliestTimer(() => {
    for (const session of [...this.#sessions]) this.#look(session);
  });

  /** @param ms - Infinity: no value takes too long */
  constructor(ms: number, sessions: Iterable<MapSession>, losses: Losses) {
    this.#ms = ms;
    this.#sessions = sessions;
    this.#losses = losses;
  }

  /** To be called when a batch has been sent. */
  watch(): void {
    if (this.#ms < Number.POSITIVE_INFINITY) this.#timer.set(Math.min(50, Math.max(1, this.#ms / 10)));
  }

  stop(): void {
    this.#timer.stop();
  }

  #look(session: MapSession): void {
    if (session.batches.size > 0) this.watch();
    if (this.#overrun(session) === undefined) return;
    // This loop may have been blocked, and the value have ended in time.
    session.drain();
    const batch = this.#overrun(session);
    if (batch !== undefined) this.#losses.expired(session, batch);
  }

  #overrun({ batches }: MapSession): Batch | undefined {
    const time = now();
    let found: Batch | undefined;
    for (const batch of batches.values()) if (batch.running(time) >= this.#ms) found ??= batch;
    return found;
  }
}
