import { show } from '../../primitives/options.js';

const LEAST = 32 * 1024;
let bytes = 0;

/**
 * Stack size in bytes for threads started later from this thread; returns the one before. 0: the default, 4 MB; left out:
 * changes nothing.
 *
 * Below 1 MB a thread has 1 MB, which a worker needs for itself. A thread with a size of its own gets a worker of its
 * own, which no thread with another size uses again. Source: CPython, `threading.stack_size`.
 *
 * @throws RangeError below 32 KiB, TypeError when no number
 * @example
 * const dig = (depth: number) => {
 *   const down = (left: number): number => (left === 0 ? 0 : 1 + down(left - 1));
 *   return down(depth);
 * };
 * const before = stackSize(64 * 2 ** 20);
 * const thread = new Thread({ target: dig, args: [100_000] }).start();
 * stackSize(before);
 * console.log(await thread.result()); // prints 100000
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
