import { ThreadError } from '../../errors.js';
import { compareExchange, load, parkAsync, wake } from '../../primitives/memory/word.js';
import { setCancelReason } from '../../primitives/threads/cancel-flag.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { CANCEL, FREE, QUEUED, RUNNING, slotOf, table } from '../../primitives/threads/table.js';
import { stateOf } from '../../primitives/threads/thread-slots.js';
import { unpackError } from '../wire/codec.js';
import { cancelOf } from '../wire/parent-link.js';

/**
 * That a thread was cancelled is told by its CANCEL word, which any thread may write and which code that never yields
 * can read. Why it was, only a message can tell: one of its parent, which comes before the word is written.
 */
let known: { readonly ident: number; readonly reason: unknown } | undefined;

/** The current thread cancels itself, or is main. */
export function setReason(ident: number, reason: unknown): void {
  if (known?.ident !== ident) known = { ident, reason };
}

/** The same object each time. */
export function reasonFor(ident: number): unknown {
  if (known?.ident === ident) return known.reason;
  const message = cancelOf(ident);
  const reason =
    message !== undefined
      ? unpackError(message.reason)
      : new ThreadError('the thread was cancelled', { code: 'ERR_THREAD_CANCELLED' });
  known = { ident, reason };
  return reason;
}

setCancelReason(() => reasonFor(getIdent()));

export function isCancelled(ident: number): boolean {
  return load(table, slotOf(ident) + CANCEL) !== 0;
}

/** Sets the word and wakes whoever looks at it. */
export function markCancelled(ident: number): void {
  const cell = slotOf(ident) + CANCEL;
  if (compareExchange(table, cell, 0, 1) === 0) wake(table, cell);
}

/**
 * Runs once, from the event loop, when the thread is cancelled. The thread's end wakes those that listen, so that
 * nothing of it stays in a worker that takes the next one. Does not keep the process alive.
 */
export function onCancel(ident: number, cancelled: () => void): () => void {
  const cell = slotOf(ident) + CANCEL;
  let listening = true;
  const listen = (): void => {
    if (!listening) return;
    const state = stateOf(ident);
    if (state === FREE) return;
    if (load(table, cell) !== 0) {
      listening = false;
      cancelled();
    } else if ((state === QUEUED || state === RUNNING) && !parkAsync(table, cell, 0, listen)) listen();
  };
  listen();
  return () => {
    listening = false;
  };
}
