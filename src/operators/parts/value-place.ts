import { TimeoutError } from 'rxjs';
import { ThreadError } from '../../errors.js';

/** Which value an error of ours is about: its `cause`. */
export interface ValuePlace {
  readonly index: number;
  readonly value: unknown;
}

/** The error; one of ours tells the value's place, unless it has a cause of its own. */
export function withValue(error: unknown, index: number, value: unknown): unknown {
  const ours = error instanceof ThreadError || error instanceof TimeoutError;
  if (ours && error.cause === undefined) {
    const cause: ValuePlace = { index, value };
    Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
  }
  return error;
}
