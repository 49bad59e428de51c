/** An entry of the queue. `left` turns true once: when it is served, or leaves by itself. */
export interface Leavable {
  readonly left: boolean;
}

/**
 * First come, first served; anybody may leave from anywhere. An array rather than a linked list: links between old and
 * new objects cost the garbage collector more than all else that a long queue does.
 *
 * Invariant: more than half of the entries in the array have not left, or it is short.
 */
export class LeavableQueue<T extends Leavable> {
  #all: T[] = [];
  /** Every entry before this index has left. */
  #first = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(one: T): void {
    this.#all.push(one);
    this.#size++;
  }

  first(): T | undefined {
    for (;;) {
      const one = this.#all[this.#first];
      if (one === undefined || !one.left) return one;
      this.#first++;
    }
  }

  /** All entries, in order. */
  all(): T[] {
    return this.#all.filter((one) => !one.left);
  }

  /** All entries but the first, in order; who leaves or comes meanwhile changes nothing. */
  rest(): T[] {
    return this.#all.slice(this.#first + 1);
  }

  /** Called after each entry that has left. */
  shrink(): void {
    this.#size--;
    if (this.#size === 0) this.#all = [];
    else if (this.#all.length <= SHORT || this.#all.length < 2 * this.#size) return;
    else this.#all = this.#all.filter((one) => !one.left);
    this.#first = 0;
  }
}

const SHORT = 32;
