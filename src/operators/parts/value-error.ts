import { TimeoutError } from 'rxjs';
import { ThreadError } from '../../errors.js';
import { show } from '../../primitives/options.js';

/** Which value an error is about: its `cause`. */
export interface ValueFailure {
  readonly index: number;
  readonly value: unknown;
  /** The cause that the error had itself. */
  readonly cause?: unknown;
}

/**
 * The error, whose `cause` now tells the value and its index. What was thrown and is no Error becomes the cause of a
 * ThreadError.
 */
export function toValueError(thrown: unknown, index: number, value: unknown): Error {
  if (!(thrown instanceof Error)) {
    const cause: ValueFailure = { index, value, cause: thrown };
    return new ThreadError(`mapping value ${index} failed: ${show(thrown)}`, {
      code: 'ERR_VALUE_FAILED',
      cause,
    });
  }
  const cause: ValueFailure = {
    index,
    value,
    ...(thrown.cause !== undefined && { cause: thrown.cause }),
  };
  Object.defineProperty(thrown, 'cause', { value: cause, configurable: true, writable: true });
  return thrown;
}

/** Which value an error of a wait is about: its `cause`. */
export interface ValuePlace {
  readonly index: number;
  readonly value: unknown;
}

/** The error. One of this library, or RxJS's TimeoutError, tells the value's place, unless it has a cause of its own. */
export function withValue(error: unknown, index: number, value: unknown): unknown {
  const ours = error instanceof ThreadError || error instanceof TimeoutError;
  if (ours && error.cause === undefined) {
    const cause: ValuePlace = { index, value };
    Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
  }
  return error;
}
