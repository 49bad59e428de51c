/** What a target has returned: a promise, a stream, or else a value. */

export function isThenable<T = unknown>(value: unknown): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as PromiseLike<T>).then === 'function';
}

/** An Observable, of whatever library, an AsyncIterable or a generator. Arrays, Maps and Sets are values. */
export function isStream(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return (
    typeof (value as { subscribe?: unknown }).subscribe === 'function' ||
    Symbol.asyncIterator in value ||
    Object.prototype.toString.call(value) === '[object Generator]'
  );
}
