import { read } from '../wire/value-kinds.js';

/*
 * What a target has returned: a promise, a stream, or else a value. So is what cannot be read, as a getter or a Proxy's trap
 * throws: it cannot be sent either, and why it cannot is told where that is tried.
 */

export function isThenable<T = unknown>(value: unknown): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof read(value, 'then') === 'function';
}

/** What is needed of an Observable, of whatever library, to run it. */
export interface Subscribable {
  subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): {
    unsubscribe(): void;
  };
}

export function isSubscribable(value: object): value is Subscribable {
  return typeof (value as Partial<Subscribable>).subscribe === 'function';
}

/** As `for await` has it: one whose method is null has none. */
export function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function';
}

/** An Observable, of whatever library, an AsyncIterable or a generator. Arrays, Maps and Sets are values. */
export function isStream(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return (
      isSubscribable(value) ||
      isAsyncIterable(value) ||
      Object.prototype.toString.call(value) === '[object Generator]'
    );
  } catch {
    return false;
  }
}
