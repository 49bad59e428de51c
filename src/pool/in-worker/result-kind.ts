/** Whether what a target returned is a promise, of whatever library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as PromiseLike<unknown>).then === 'function'
  );
}

/**
 * Whether what a target returned is a stream, whose values are its results: an Observable of whatever library, an
 * AsyncIterable or a generator. Arrays, Maps and Sets are values.
 */
export function isStream(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return (
    typeof (value as { subscribe?: unknown }).subscribe === 'function' ||
    Symbol.asyncIterator in value ||
    Object.prototype.toString.call(value) === '[object Generator]'
  );
}
