import { read } from '../wire/value-kinds.js';

/*
 * What a target has returned: a promise, a stream, or else a value. So is what cannot be read, as a getter or a Proxy's trap
 * throws: it cannot be sent either, and why it cannot is told where that is tried.
 */

export function isThenable<T = unknown>(value: unknown): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof read(value, 'then') === 'function';
}

/** An Observable, of whatever library, an AsyncIterable or a generator. Arrays, Maps and Sets are values. */
export function isStream(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return (
      typeof (value as { subscribe?: unknown }).subscribe === 'function' ||
      Symbol.asyncIterator in value ||
      Object.prototype.toString.call(value) === '[object Generator]'
    );
  } catch {
    return false;
  }
}
