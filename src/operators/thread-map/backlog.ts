import { moves } from '../../pool/wire/transfer.js';
import { Fifo } from '../parts/fifo.js';

/** Values that follow one another. */
export interface Chunk {
  /** Index of the first. */
  readonly first: number;
  readonly values: readonly unknown[];
}

/** The values of a threadMap that no worker has, in order: those that came back from a worker are where they were. */
export class Backlog {
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

  /** Index of the value that the source emits next. */
  get next(): number {
    return this.#from + this.#arrived.size;
  }

  push(value: unknown): void {
    this.#arrived.push(value);
  }

  /** Takes the first values, at most so many of them; a value that moves is taken alone. */
  take(most: number): Chunk {
    const back = this.#back.shift();
    if (back === undefined) return this.#takeArrived(most);
    this.#backSize -= back.values.length;
    if (back.values.length <= most) return back;
    this.giveBack({ first: back.first + most, values: back.values.slice(most) });
    return { first: back.first, values: back.values.slice(0, most) };
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
    const at = this.#back.findIndex(({ first }) => first > chunk.first);
    this.#back.splice(at < 0 ? this.#back.length : at, 0, chunk);
    this.#backSize += chunk.values.length;
  }

  /** Drops the values from `index` on, and all that come. */
  cut(index: number): void {
    this.#end = index;
    if (index <= this.#from) this.#arrived.clear();
    this.#back = this.#back.filter(({ first }) => first < index);
    this.#backSize = this.#back.reduce((sum, { values }) => sum + values.length, 0);
  }
}
