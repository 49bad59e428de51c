import { decode } from '../../pool/wire/codec.js';
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

/** A value that failed: the last one of the part, which is to fail, to skip it or to retract it. */
export interface FailedValue {
  readonly part: Part;
  readonly error: unknown;
  /** It is still here, and can be mapped again. */
  readonly again: boolean;
}

/** What a batch comes to that its worker sends nothing more of. */
export interface LostBatch {
  /** What the worker has not taken up. */
  readonly untouched: readonly Chunk[];
  /** What it has taken up, and sent no result of. */
  readonly touched: readonly Chunk[];
  readonly failed: FailedValue | undefined;
}

/**
 * Values that were sent to a worker in one message, as the thread that sent them sees it.
 *
 * A value: waits -the worker claims it-> being mapped -> done;  waits -takeBack-> the backlog's again.
 * being mapped, or done and not yet told -`lose`-> failed, or the backlog's again.
 * Invariant: `parts` has the values that have not been taken back; there is one part, or each has one value. All results
 * of the first `#done` of them have come, and of the others none but the first values of one stream.
 */
export class Batch {
  readonly sent: number = now();
  readonly #place: BatchPlace;
  parts: Part[];
  /** No message about it will come. */
  ended = false;
  #done = 0;
  #finished: Part[] = [];
  /** The first values of a stream have come, which is the result of the value after those. */
  #partly = false;
  /** Which value was being mapped when somebody last looked, and since when it has been, at least. */
  #running = -1;
  #since = 0;

  constructor(chunks: readonly Chunk[], place: BatchPlace) {
    this.parts = chunks.map((chunk) => new Part(chunk, place.credit));
    this.#place = place;
  }

  get id(): number {
    return this.#place.id;
  }

  get cell(): number {
    return this.#place.cell;
  }

  /** Its worker is at a stream, which goes on only as far as that is passed on. */
  get streams(): boolean {
    return this.#partly;
  }

  /** How many values it has that have not been taken back. */
  get size(): number {
    return this.parts.length === 1 ? (this.parts[0]?.values.length ?? 0) : this.parts.length;
  }

  /** Returns the parts that it is about. @throws ThreadError when the results cannot be read; nothing has changed then */
  heard(message: FromBatchMessage): readonly Part[] {
    const streamed = message.kind === 'results' && message.streamed;
    const from = this.#done;
    if (message.kind !== 'failed') this.#came(decode(message.values) as unknown[], message.done, streamed);
    while (this.#done < message.done) this.#finish();
    this.#partly = streamed;
    this.ended = message.kind !== 'results';
    return this.parts.length === 1 ? [...this.parts] : this.parts.slice(from, message.done + 1);
  }

  #came(outputs: unknown[], done: number, streamed: boolean): void {
    if (this.parts.length === 1) this.parts[0]?.came(outputs, streamed ? done : undefined);
    else if (streamed) this.parts[done]?.came(outputs, 0);
    else {
      const first = done - outputs.length;
      for (const [at, output] of outputs.entries()) this.parts[first + at]?.came([output], undefined);
    }
  }

  #finish(): void {
    const part = this.#partAt(this.#done++);
    if (part === undefined) return;
    part.done++;
    if (part.done < part.values.length) return;
    part.ended = true;
    this.#finished.push(part);
  }

  /** The parts that have ended well since the last call. */
  takeFinished(): readonly Part[] {
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  #partAt(at: number): Part | undefined {
    return this.parts.length === 1 ? this.parts[0] : this.parts[at];
  }

  /** The value at this place of it; undefined: it has been taken back. */
  at(at: number): { readonly index: number; readonly value: unknown } | undefined {
    const part = this.#partAt(at);
    const place = this.parts.length === 1 ? at : 0;
    if (part === undefined || place >= part.values.length) return undefined;
    return { index: part.first + place, value: part.values[place] };
  }

  // ─── what the worker has not taken up ────────────────────────────────────────────────────────

  /** The worker has not taken up all of its values, and they can be taken back. */
  get hasUntouched(): boolean {
    const { cells, cell, moved } = this.#place;
    const taken = claimed(cells, cell);
    return !moved && taken >= 0 && taken < this.size;
  }

  /** The part that begins with this value waits in it, and can be taken back. */
  keeps(first: number): boolean {
    if (!this.hasUntouched) return false;
    const taken = claimed(this.#place.cells, this.#place.cell);
    return this.parts.some((part, at) => at >= taken && part.first === first);
  }

  /** Cuts off the values that the worker has not taken up. */
  takeBack(): readonly Chunk[] {
    const { cells, cell } = this.#place;
    const taken = this.ended ? -1 : takeBack(cells, cell);
    return taken < 0 ? [] : this.#cut(taken);
  }

  /** Cuts off the values from this one on. */
  #cut(from: number): readonly Chunk[] {
    if (from >= this.size) return [];
    const [part] = this.parts;
    if (part === undefined || this.parts.length > 1) return this.parts.splice(from).map((one) => one.cut(0));
    const rest = part.cut(from);
    part.ended = part.done === from;
    if (from === 0) this.parts = [];
    return [rest];
  }

  /** The worker has taken up a value that it has not told the result of. */
  get begun(): boolean {
    const { cells, cell } = this.#place;
    const taken = claimed(cells, cell);
    return (taken < 0 ? this.size : taken) > this.#done;
  }

  // ─── what will not come ──────────────────────────────────────────────────────────────────────

  /** ms that the value has taken which is being mapped, at least: it is looked for, and does not tell when it begins. Below 0: none is. */
  running(time: number): number {
    const { cells, cell } = this.#place;
    const taken = claimed(cells, cell);
    const running = (taken < 0 ? this.size : taken) - 1;
    if (running !== this.#running) {
      this.#running = running;
      this.#since = time;
    }
    return running < this.#done ? -1 : time - this.#since;
  }

  /**
   * The worker has told that its next value failed, and takes up no more.
   *
   * @param unmade - it has begun none, because any one of them cannot be made there
   */
  fail(error: unknown, unmade: boolean): LostBatch {
    this.ended = true;
    if (unmade && this.size > 1) return { untouched: this.#cut(0), touched: [], failed: undefined };
    return { untouched: this.#cut(this.#done + 1), touched: [], failed: this.#failed(this.#done, error) };
  }

  /**
   * Its worker sends nothing more of it: by a value that is being mapped, which has failed then, or by another one.
   *
   * @param error - undefined: no value has failed by it
   */
  lose(error: unknown): LostBatch {
    const untouched = this.takeBack();
    this.ended = true;
    const [moved] = this.#place.moved ? untouched : [];
    if (moved !== undefined && error !== undefined)
      return { untouched: [], touched: [], failed: { part: new Part(moved), error, again: false } };
    // A value is taken up only when the stream of the one before it has ended, and all of it is on its way.
    if (this.#partly && this.#done < this.size - 1) this.#finish();
    const last = this.size - 1;
    if (error === undefined || this.#done > last)
      return { untouched, touched: this.#cut(this.#done), failed: undefined };
    if (this.#done === last) return { untouched, touched: [], failed: this.#failed(last, error) };
    const [alone] = this.#cut(last);
    const touched = this.#cut(this.#done);
    const failed = alone && { part: new Part(alone), error, again: !this.#place.moved };
    return { untouched, touched, failed };
  }

  #failed(at: number, error: unknown): FailedValue | undefined {
    const part = this.#partAt(at);
    return part && { part, error, again: !this.#place.moved };
  }
}

/** ms that a batch is to take its worker. */
const AIM = 1;
const MOST = 1024;

/** How many values travel in one message: the more, the less time a value takes. */
export class BatchSize {
  readonly #fixed: number | undefined;
  #size = 1;
  #half = 0;

  /** @param fixed - the user's `batch` */
  constructor(fixed: number | undefined) {
    this.#fixed = fixed;
  }

  /**
   * More values are sure to come, up to so many for each batch in flight. As few come at a time, and a message costs more than
   * most of them, one waits until half as many are here.
   */
  fill(most: number): void {
    this.#half = Math.floor(most / 2);
  }

  /** Fewer are not worth a message to a worker that has something to do. */
  get least(): number {
    return this.#fixed === undefined ? Math.min(this.#size, this.#half) : 0;
  }

  /** For a batch of the `available` values, which are to be shared by so many workers. */
  of(available: number, workers: number): number {
    if (this.#fixed !== undefined) return this.#fixed;
    return Math.max(1, Math.min(this.#size, Math.max(this.least, Math.ceil(available / workers))));
  }

  /** A worker has mapped `count` values in so many ms. */
  learn(count: number, took: number): void {
    if (count === 0) return;
    const each = took / count;
    if (each * this.#size > AIM) this.#size = Math.max(1, Math.floor(AIM / each));
    else if (count * 2 > this.#size) this.#size = Math.min(MOST, this.#size * 2);
  }
}
