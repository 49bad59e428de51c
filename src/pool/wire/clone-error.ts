import type { TransferListItem } from 'node:worker_threads';
import { show } from '../../primitives/options.js';
import { isError, read } from './value-kinds.js';

/**
 * A value could not be cloned, for another reason than the platform's DataCloneError gives: a getter in it threw, or it
 * is nested deeper than the stack is.
 */
class CloneError extends Error {
  constructor(cause: unknown) {
    const message = isError(cause) ? read(cause, 'message') : cause;
    super(typeof message === 'string' ? message : show(message), { cause });
    this.name = 'DataCloneError';
  }
}

/** Whether the error says that a value cannot be cloned. Node 20 throws a TypeError for an object that can only move. */
export function isCloneError(thrown: unknown): thrown is Error {
  if (!isError(thrown)) return false;
  const name = read(thrown, 'name');
  return name === 'DataCloneError' || (name === 'TypeError' && 'code' in thrown);
}

/** What `step`, which reads or clones a value of the user's, returns. @throws DataCloneError, whatever `step` throws */
export function cloning<T>(step: () => T): T {
  try {
    return step();
  } catch (cause) {
    throw isCloneError(cause) ? cause : new CloneError(cause);
  }
}

/** structuredClone. @throws DataCloneError */
export function clone<T>(value: T, transfer: readonly TransferListItem[] = []): T {
  return cloning(() => structuredClone(value, { transfer: transfer as ArrayBuffer[] }));
}
