import { explainUncloneable, isCloneError } from './explain-uncloneable.js';

/** A value that cannot be sent to a thread. */
export function cannotSend(value: unknown, cause: unknown): TypeError {
  if (cause instanceof TypeError && !isCloneError(cause)) return cause;
  const found =
    explainUncloneable(value, 'value') ?? (cause instanceof Error ? cause.message : String(cause));
  return new TypeError(`cannot be sent to a thread: ${found}`, { cause });
}
