import { WORD } from './memory/layout.js';
import { load, store } from './memory/word.js';
import type { PrimitiveOptions } from './options.js';
import { Shared } from './primitive.js';
import { BOUND, Semaphore } from './semaphore.js';
import type { PrimitiveKind } from './threads/contention.js';

/**
 * A Semaphore whose value never exceeds the initial one: a release too many is a RangeError and changes nothing.
 * Source: CPython, `threading.BoundedSemaphore`.
 *
 * @param value - the permits to begin with, and the most there are; default 1
 * @throws TypeError, RangeError unless `value` is a whole number from 0 to 134,217,727; for bad options
 * @example
 * const connections = new BoundedSemaphore(5);
 * try {
 *   connections.release();
 * } catch (error) {
 *   console.log(error instanceof RangeError, connections.value); // prints true 5
 * }
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

  /** @internal */
  override get primitiveKind(): PrimitiveKind {
    return 'BoundedSemaphore';
  }

  /** Its value, bound and name. */
  override toString(): string {
    return `<BoundedSemaphore object '${this.name}' at #${this.id}: value=${this.value}/${this.bound}>`;
  }
}
