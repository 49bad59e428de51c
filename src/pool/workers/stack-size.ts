import { show } from '../../primitives/options.js';

const LEAST = 32 * 1024;
let bytes = 0;

/**
 * Stack size in bytes for threads started later from this thread; returns the one before. 0: the default, 4 MB.
 *
 * Below 1 MB a thread has 1 MB, which a worker needs for itself. A thread with a size of its own gets a worker of its
 * own, which no thread with another size uses again. Source: CPython, `threading.stack_size`.
 *
 * @throws RangeError below 32 KiB, TypeError when no number
 * @example
 * const before = stackSize(16 * 2 ** 20);
 * new Thread({ target: deepRecursion }).start();
 * stackSize(before);
 */
export function stackSize(size?: number): number {
  const before = bytes;
  if (size === undefined) return before;
  if (typeof size !== 'number')
    throw new TypeError(`stack size must be a number of bytes, got ${show(size)}`);
  if (size !== 0 && !(Number.isInteger(size) && size >= LEAST)) {
    throw new RangeError(`stack size must be 0 or at least ${LEAST} bytes, got ${size}`);
  }
  bytes = size;
  return before;
}
