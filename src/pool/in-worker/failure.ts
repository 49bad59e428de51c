import { ThreadError } from '../../errors.js';
import { isCancelled } from '../../primitives/threads/cancel-flag.js';
import { nameOf } from '../../primitives/threads/thread-slots.js';
import { reasonFor } from '../thread/cancellation.js';
import { type PackedError, packError } from '../wire/codec.js';
import { explainUncloneable } from '../wire/explain-uncloneable.js';
import type { RunningThread } from '../wire/messages.js';
import { isError, read } from '../wire/value-kinds.js';
import { adviceOn } from './missing-name.js';

/**
 * What ended a thread, as its starter is told.
 *
 * @param uncloneable - the result, if the thread failed because that could not be sent
 */
export function packFailure(
  thrown: unknown,
  start: RunningThread,
  uncloneable?: unknown,
): { readonly error: PackedError; readonly cancelled: boolean } {
  const { ident } = start;
  if (uncloneable !== undefined)
    return { error: packError(cannotClone(ident, 'result', uncloneable, thrown)), cancelled: false };
  return {
    error: packError(explainClosure(thrown, start)),
    cancelled: isCancelled(ident) && isReason(thrown, reasonFor(ident)),
  };
}

/** Whether an error is a cancel's reason, or the AbortError that Node's own functions throw in place of it. */
function isReason(thrown: unknown, reason: unknown): boolean {
  if (thrown === reason) return true;
  return isError(thrown) && read(thrown, 'name') === 'AbortError' && read(thrown, 'cause') === reason;
}

/** @param path - such as `result` or `output[3]`: what `value` is of the thread */
export function cannotClone(ident: number, path: string, value: unknown, cause: unknown): ThreadError {
  const found = explainUncloneable(value, path) ?? (isError(cause) ? cause.message : String(cause));
  const message = `${path} of thread '${nameOf(ident)}' cannot be cloned: ${found}`;
  return new ThreadError(message, { code: 'ERR_CLONE', cause });
}

/** Says more of a ReferenceError in a function that came by its source: the name was most likely in its closure. */
function explainClosure(error: unknown, { ident, target }: RunningThread): unknown {
  if (!isError(error) || !(error instanceof ReferenceError) || target === null || !('source' in target))
    return error;
  const name = /^(.+) is not defined$/.exec(error.message)?.[1];
  if (name === undefined) return error;
  const message =
    `'${name}' is not defined in thread '${nameOf(ident)}': a function travels by its source, without the variables ` +
    `around it. ${adviceOn(name)}`;
  return new ThreadError(message, { code: 'ERR_CLOSURE', cause: error });
}
