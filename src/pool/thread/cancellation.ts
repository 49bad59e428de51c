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

/** What is to run when a thread is cancelled, by ident. Invariant: while an ident is in it, one waitAsync looks out. */
const listening = new Map<number, Set<() => void>>();

/**
 * Runs once, from the event loop, when the thread is cancelled. The thread's end wakes the one waitAsync behind it, so
 * that nothing of it stays in a worker that takes the next one; a waitAsync for each caller would stay until then, and a
 * thread may call this for each of a million values. Does not keep the process alive.
 */
export function onCancel(ident: number, cancelled: () => void): () => void {
  const known = listening.get(ident);
  const listeners = known ?? new Set();
  listeners.add(cancelled);
  if (known === undefined) {
    listening.set(ident, listeners);
    lookOut(ident, listeners);
  }
  return () => listeners.delete(cancelled);
}

function lookOut(ident: number, listeners: Set<() => void>): void {
  const cell = slotOf(ident) + CANCEL;
  for (;;) {
    const state = stateOf(ident);
    const lives = state === QUEUED || state === RUNNING;
    const isNow = state !== FREE && load(table, cell) !== 0;
    if (lives && !isNow && parkAsync(table, cell, 0, () => lookOut(ident, listeners))) return;
    if (lives && !isNow) continue;
    listening.delete(ident);
    if (isNow) for (const cancelled of listeners) cancelled();
    return;
  }
}
