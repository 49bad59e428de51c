/**
 * A queue of values, first in, first out; each end costs the same however long it is. Neither an array does, which is moved whole by
 * a `shift` of more than 50,000, nor a Set, whose iteration passes all that were deleted before the first.
 */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The item that came first; undefined when there is none. */
  peek(): T | undefined {
    return this.#items[this.#first];
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    if (this.#first === this.#items.length) this.clear();
    else if (this.#first >= LONG && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  clear(): void {
    if (this.#items.length > LONG) this.#items = [];
    else this.#items.length = 0;
    this.#first = 0;
  }
}

const LONG = 1024;
