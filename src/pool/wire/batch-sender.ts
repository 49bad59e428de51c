import { nextTurn } from '../../primitives/waiting/event-loop.js';
import { Fifo } from './fifo.js';
import { NOT_PLAIN, plainCopyOf } from './plain-copy.js';
import { SampledClock } from './sampled-clock.js';
import { moves } from './transfer.js';

/** Values in one message, at most: an eighth of what the reader takes ahead, between these two. */
const LEAST_BATCH = 512;
const MOST_BATCH = 2048;
/** ms from the first value of a batch to its message, at most. */
const LATEST = 5;

/**
 * A thread's stream of values on its way out: sent in batches, as long as the reader has room. A value that comes after
 * a pause is sent at once, because the thread may compute the next one for long without its event loop turning.
 * Invariant: values wait here only while a flush is due, or the reader's credit is used up.
 */
export class BatchSender {
  readonly #send: (values: unknown[]) => void;
  readonly #most: number;
  /** How many more values the reader takes; the last batch may overdraw it. */
  #credit: number;
  /** Complete batches that wait for credit. */
  readonly #batches = new Fifo<unknown[]>();
  /** A value is being copied or sent, and its getters may run. */
  #busy = false;
  /** What these getters have brought: it comes after that value, in the order in which they brought it. */
  readonly #brought = new Fifo<() => void>();
  #bringing = false;
  /** The batch that is being filled. */
  #batch: unknown[] = [];
  readonly #clock: SampledClock = new SampledClock();
  /** When the first value of #batch came. */
  #since = 0;
  /** When the batch before #batch was complete. */
  #closed = Number.NEGATIVE_INFINITY;
  #flushes = false;
  /** Those that wait for credit. There may be several: a pipeline's end, and the source that feeds it. */
  #waiting: (() => void)[] = [];

  /** @param credit - how many values the reader takes before it has read any */
  constructor(credit: number, send: (values: unknown[]) => void) {
    this.#credit = credit;
    this.#most = Math.max(LEAST_BATCH, Math.min(MOST_BATCH, credit / 8));
    this.#send = send;
  }

  /** Whether the reader has credit for another value. */
  get hasRoom(): boolean {
    return this.#batches.size === 0 && this.#batch.length < this.#credit;
  }

  /** What changes in the value from now on does not change what is sent, as long as the reader has room. */
  push(value: unknown): void {
    if (this.#busy) {
      this.#pushLater(value);
      return;
    }
    let copy: unknown;
    this.#busy = true;
    try {
      copy = plainCopyOf(value);
    } finally {
      this.#busy = false;
    }
    this.#take(value, copy);
    if (this.#brought.size > 0) this.#bring();
  }

  #pushLater(value: unknown): void {
    let copy: unknown = NOT_PLAIN;
    // First, because getters of it may bring others.
    this.#brought.push(() => this.#take(value, copy));
    copy = plainCopyOf(value);
  }

  #take(value: unknown, copy: unknown): void {
    if (moves(value)) this.flush();
    const { length } = this.#batch;
    this.#batch.push(copy === NOT_PLAIN ? value : copy);
    if (length === 0) this.#since = this.#clock.exactly();
    const late =
      length === 0 ? this.#since - this.#closed > LATEST : this.#clock.roughly() - this.#since > LATEST;
    if (copy === NOT_PLAIN || late || length + 1 >= this.#most) this.flush();
    else if (!this.#flushes) this.#flushNextTurn();
  }

  /** Runs it once what came before has been sent, as far as there is credit: at once, unless a getter of that calls this. */
  inTurn(run: () => void): void {
    if (this.#busy) {
      this.#brought.push(() => this.inTurn(run));
      return;
    }
    this.flush();
    run();
  }

  #bring(): void {
    if (this.#bringing) return;
    this.#bringing = true;
    try {
      for (let run = this.#brought.shift(); run !== undefined; run = this.#brought.shift()) run();
    } finally {
      this.#bringing = false;
    }
  }

  #flushNextTurn(): void {
    this.#flushes = true;
    nextTurn(() => {
      this.#flushes = false;
      this.flush();
    });
  }

  /** Sends all values that came, as far as there is credit. */
  flush(): void {
    if (this.#busy) return;
    if (this.#batch.length > 0) {
      this.#batches.push(this.#batch);
      this.#batch = [];
      this.#closed = this.#clock.exactly();
    }
    this.#busy = true;
    try {
      this.#sendBatches();
    } finally {
      this.#busy = false;
    }
    if (this.#brought.size > 0) this.#bring();
  }

  #sendBatches(): void {
    while (this.#credit > 0) {
      const batch = this.#batches.shift();
      if (batch === undefined) return;
      this.#credit -= batch.length;
      this.#send(batch);
    }
  }

  /** Called when the reader tells that it takes `credit` more values. */
  add(credit: number): void {
    this.#credit += credit;
    this.flush();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  /** Resolves when the reader has credit for another value. */
  async untilRoom(): Promise<void> {
    await this.#flushed();
    while (!this.hasRoom) await this.#credited();
  }

  /** Resolves when all values that came have been sent. */
  async untilSent(): Promise<void> {
    await this.#flushed();
    while (this.#batches.size > 0) await this.#credited();
  }

  /** Resolves at once, unless it is asked for by a getter. */
  #flushed(): Promise<void> {
    return new Promise((resolve) => this.inTurn(resolve));
  }

  #credited(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
