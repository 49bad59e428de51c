import { Fifo } from '../../pool/wire/fifo.js';
import { moves } from '../../pool/wire/transfer.js';

/** Values that follow one another. */
export interface Chunk {
  /** Index of the first. */
  readonly first: number;
  readonly values: readonly unknown[];
  /** Of a threadMap with a `key`: where the one value is that the chunk has then. */
  readonly lane?: Lane | undefined;
  /** It is to travel without others: one of those it travelled with could not be sent or read, and nobody knows which. */
  readonly alone?: boolean;
  /** How often the one value that it has then has failed. */
  readonly attempts?: number;
}

/** The values of one key: see lanes.ts. */
export interface Lane {
  readonly key: unknown;
  /** Those that wait and have not been taken, each a chunk of its own. */
  readonly arrived: Fifo<Chunk>;
  /** Those that wait and came back from a worker, in order; all before `arrived`. */
  readonly back: Chunk[];
  /** How many of them have been taken and are not over. */
  out: number;
}

/** The values of a threadMap that no worker has, in order: those that came back from a worker are where they were. */
export interface Backlog {
  readonly size: number;
  /** How many of them may be taken now. */
  readonly available: number;
  /** Index of the value that the source emits next. */
  readonly next: number;
  /** @throws what the user's `key` throws; nothing has changed then */
  push(value: unknown): void;
  /** Takes the first values that may be taken, at most so many of them; a value that moves is taken alone. */
  take(most: number): readonly Chunk[];
  /** The same, from the value of that index on, without a gap; none, unless that waits, may be taken, and is the first of all. */
  takeAt(index: number, most: number): readonly Chunk[];
  giveBack(chunk: Chunk): void;
  /** What was taken is done with. */
  over(chunk: Chunk): void;
  /** Drops the values from `index` on, and all that come. */
  cut(index: number): void;
}

/** Of a threadMap without a `key`: any worker may have any value. */
export class PlainBacklog implements Backlog {
  readonly #arrived = new Fifo<unknown>();
  /** Index of the first of `#arrived`. */
  #from = 0;
  /** Chunks that came back, in order; all before `#from`. */
  #back: Chunk[] = [];
  #backSize = 0;
  #end = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#backSize + this.#arrived.size;
  }

  get available(): number {
    return this.size;
  }

  get next(): number {
    return this.#from + this.#arrived.size;
  }

  push(value: unknown): void {
    this.#arrived.push(value);
  }

  take(most: number): readonly [Chunk] {
    const back = this.#back.shift();
    if (back === undefined) return [this.#takeArrived(most)];
    this.#backSize -= back.values.length;
    if (back.values.length <= most) return [back];
    this.giveBack({ first: back.first + most, values: back.values.slice(most) });
    return [{ first: back.first, values: back.values.slice(0, most) }];
  }

  takeAt(index: number, most: number): readonly Chunk[] {
    const first = this.#back[0]?.first ?? this.#from;
    return first === index && this.size > 0 ? this.take(most) : [];
  }

  #takeArrived(most: number): Chunk {
    const first = this.#from;
    const values: unknown[] = [];
    while (values.length < most && this.#arrived.size > 0) {
      const alone = moves(this.#arrived.peek());
      if (alone && values.length > 0) break;
      values.push(this.#arrived.shift());
      if (alone) break;
    }
    this.#from += values.length;
    return { first, values };
  }

  giveBack(chunk: Chunk): void {
    if (chunk.first >= this.#end || chunk.values.length === 0) return;
    // From the end, as chunks mostly come in order: many of them when one could not be made again in its worker.
    const before = this.#back.findLastIndex(({ first }) => first < chunk.first);
    this.#back.splice(before + 1, 0, chunk);
    this.#backSize += chunk.values.length;
  }

  over(): void {}

  cut(index: number): void {
    this.#end = index;
    if (index <= this.#from) this.#arrived.clear();
    this.#back = this.#back.filter(({ first }) => first < index);
    this.#backSize = this.#back.reduce((sum, { values }) => sum + values.length, 0);
  }
}
