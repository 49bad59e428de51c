import { nextTurn } from '../../primitives/waiting/event-loop.js';
import { SampledClock } from './sampled-clock.js';
import { moves } from './transfer.js';

/** So many values at most are sent in one message, and at most so long after the first of them came, in ms. */
const BATCH = 512;
const LATEST = 5;

/**
 * A thread's stream of values on its way out: sent in batches, as long as the reader has room. What comes after a pause
 * goes at once: the thread may work on the next for long, without its loop turning.
 * Invariant: values wait here only while a flush is to come or the credit is used up.
 */
export class BatchSender {
  readonly #send: (values: unknown[]) => void;
  /** What the reader still takes; the last batch may overdraw it. */
  #credit: number;
  /** Complete batches, and the one that is being filled. */
  #batches: unknown[][] = [];
  #batch: unknown[] = [];
  readonly #pace: SampledClock = new SampledClock();
  #since = 0;
  /** When the last batch was complete. */
  #closed = Number.NEGATIVE_INFINITY;
  #flushes = false;
  #moved: (() => void) | undefined;

  constructor(credit: number, send: (values: unknown[]) => void) {
    this.#credit = credit;
    this.#send = send;
  }

  /** Whether the reader wants more than is on its way. */
  get hasRoom(): boolean {
    return this.#batches.length === 0 && this.#batch.length < this.#credit;
  }

  push(value: unknown): void {
    const alone = moves(value);
    if (alone) this.flush();
    const { length } = this.#batch;
    this.#batch.push(value);
    if (length === 0) this.#since = this.#pace.look();
    const late =
      length === 0 ? this.#since - this.#closed > LATEST : this.#pace.tick() - this.#since > LATEST;
    if (alone || late || length + 1 === BATCH) this.flush();
    else if (!this.#flushes) this.#flushNextTurn();
  }

  #flushNextTurn(): void {
    this.#flushes = true;
    nextTurn(() => {
      this.#flushes = false;
      this.flush();
    });
  }

  /** Sends what there is credit for. */
  flush(): void {
    if (this.#batch.length > 0) {
      this.#batches.push(this.#batch);
      this.#batch = [];
      this.#closed = this.#pace.look();
    }
    while (this.#credit > 0) {
      const batch = this.#batches.shift();
      if (batch === undefined) return;
      this.#credit -= batch.length;
      this.#send(batch);
    }
  }

  /** The reader takes so many more. */
  add(credit: number): void {
    this.#credit += credit;
    this.flush();
    const moved = this.#moved;
    this.#moved = undefined;
    moved?.();
  }

  /** Resolves when there is room. */
  async untilRoom(): Promise<void> {
    this.flush();
    while (!this.hasRoom) await this.#move();
  }

  /** Resolves when all has been sent. */
  async untilSent(): Promise<void> {
    this.flush();
    while (this.#batches.length > 0) await this.#move();
  }

  #move(): Promise<void> {
    return new Promise((resolve) => {
      this.#moved = resolve;
    });
  }
}
