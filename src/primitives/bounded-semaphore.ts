import { WORD } from './memory/layout.js';
import { load, store } from './memory/word.js';
import type { PrimitiveOptions } from './options.js';
import { Shared } from './primitive.js';
import { BOUND, Semaphore } from './semaphore.js';

/**
 * A Semaphore whose value never exceeds the initial one: a release too many is a RangeError and changes nothing.
 * Source: CPython, `threading.BoundedSemaphore`.
 *
 * @example
 * const pool = new BoundedSemaphore(5);
 * pool.release(); // RangeError
 */
export class BoundedSemaphore extends Semaphore {
  constructor(value: number = 1, options?: PrimitiveOptions) {
    super(value, options);
    if (!(options instanceof Shared)) store(this.cells, BOUND, load(this.cells, WORD));
  }

  /** The initial value. */
  get bound(): number {
    return load(this.cells, BOUND);
  }

  override toString(): string {
    return `<BoundedSemaphore object '${this.name}' at #${this.id}: value=${this.value}/${this.bound}>`;
  }
}
