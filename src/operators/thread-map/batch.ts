import { decode, unpackError } from '../../pool/wire/codec.js';
import type { Cells } from '../../primitives/memory/word.js';
import { now } from '../../primitives/waiting/event-loop.js';
import type { Chunk } from './backlog.js';
import { claimed, takeBack } from './batch-claims.js';
import type { FromBatchMessage } from './messages.js';
import { Part } from './results.js';

/** Where a batch is on the worker's side. */
export interface BatchPlace {
  readonly id: number;
  /** The session's words, and the batch's among them: see batch-claims.ts. */
  readonly cells: Cells;
  readonly cell: number;
  /** The values moved: they are not here any more, and cannot be taken back. */
  readonly moved: boolean;
  /** Lets the worker send so many more values of the stream that it is reading. */
  readonly credit: (values: number) => void;
}

/** What a batch comes to whose worker has died. */
export interface LostBatch {
  /** A value of it was being mapped. */
  readonly begun: boolean;
  /** Values to be mapped again. */
  readonly again: readonly Chunk[];
  /** The value that failed, if it is none of the batch any more. */
  readonly failed: Part | undefined;
}

/**
 * Values that were sent to a worker in one message, as the thread that sent them sees it.
 *
 * A value: waits -the worker claims it-> being mapped -> done;  waits -takeBack-> the backlog's again.
 * being mapped, or done and not yet told -the worker dies-> failed, or the backlog's again.
 * Invariant: `values` are those that have not been taken back. All results of the first `#done` of them have come, and
 * of the others none but the first values of one stream.
 */
export class Batch extends Part {
  readonly sent: number = now();
  readonly #place: BatchPlace;
  #done = 0;
  /** The first values of a stream have come, which is the result of the value after those. */
  #partly = false;
  /** Outputs that came of streams, and were not yet passed on. */
  #streamed = 0;

  constructor(first: number, values: readonly unknown[], place: BatchPlace) {
    super(first, values);
    this.#place = place;
  }

  get id(): number {
    return this.#place.id;
  }

  get cell(): number {
    return this.#place.cell;
  }

  heard(message: FromBatchMessage): void {
    this.#done = message.done;
    this.#partly = message.kind === 'results' && message.streamed;
    this.ended = message.kind !== 'results';
    if (message.kind === 'failed') this.failure = { at: message.done, error: unpackError(message.error) };
    else {
      const outputs = decode(message.values) as unknown[];
      if (this.#partly) this.#streamed += outputs.length;
      this.came(outputs);
    }
  }

  /** The worker has not taken up all of its values, and they can be taken back. */
  get hasUntouched(): boolean {
    const { cells, cell, moved } = this.#place;
    const taken = claimed(cells, cell);
    return !moved && taken >= 0 && taken < this.values.length;
  }

  /** Cuts off the values that the worker has not taken up. */
  takeBack(): Chunk {
    const { cells, cell } = this.#place;
    const taken = this.ended ? -1 : takeBack(cells, cell);
    const rest = taken < 0 ? [] : this.values.slice(taken);
    if (rest.length > 0) this.values = this.values.slice(0, taken);
    return { first: this.first + this.values.length, values: rest };
  }

  /** The worker has died. The value that it was mapping has failed by that; those whose results did not come have not. */
  lose(error: unknown): LostBatch {
    const untouched = this.takeBack();
    if (this.#place.moved && untouched.values.length > 0)
      return { begun: false, again: [], failed: Part.failed(this.first, untouched.values[0], error) };
    this.ended = true;
    const { first, values } = this;
    const last = values.length - 1;
    // A value is taken up only when the stream of the one before it has ended, and all of it is on its way.
    const done = this.#done + (this.#partly && this.#done < last ? 1 : 0);
    const again = [untouched];
    let failed: Part | undefined;
    if (done === last) this.failure = { at: last, error };
    else if (done < last) {
      this.values = values.slice(0, done);
      again.push({ first: first + done, values: values.slice(done, last) });
      failed = Part.failed(first + last, values[last], error);
    }
    return { begun: last >= 0 && done <= last, again, failed };
  }

  override passed(): void {
    if (this.#streamed > 0 && !this.ended) this.#place.credit(this.#streamed);
    this.#streamed = 0;
  }
}

/** ms that a batch is to take its worker. */
const AIM = 1;
const MOST = 1024;

/** How many values travel in one message: the more, the less time a value takes. */
export class BatchSize {
  readonly #fixed: number | undefined;
  #size = 1;

  /** @param fixed - the user's `batch` */
  constructor(fixed: number | undefined) {
    this.#fixed = fixed;
  }

  /** For a batch of the `available` values, which are to be shared by so many workers. */
  of(available: number, workers: number): number {
    if (this.#fixed !== undefined) return this.#fixed;
    return Math.max(1, Math.min(this.#size, Math.ceil(available / workers)));
  }

  /** A worker has mapped `count` values in so many ms. */
  learn(count: number, took: number): void {
    if (count === 0) return;
    const each = took / count;
    if (each * this.#size > AIM) this.#size = Math.max(1, Math.floor(AIM / each));
    else if (count * 2 > this.#size) this.#size = Math.min(MOST, this.#size * 2);
  }
}
