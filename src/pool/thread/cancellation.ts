import { ThreadError } from '../../errors.js';
import { compareExchange, load, parkAsync, wake } from '../../primitives/memory/word.js';
import { setCancelReason } from '../../primitives/threads/cancel-flag.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { CANCEL, FREE, QUEUED, RUNNING, slotOf, table } from '../../primitives/threads/table.js';
import { stateOf } from '../../primitives/threads/thread-slots.js';
import { unpackError } from '../wire/codec.js';
import { cancelOf } from '../wire/parent-link.js';

/*
 * That a thread was cancelled its CANCEL word says, which any thread may write and which code that never yields can read.
 * Why it was cancelled only a message can say: one from the thread that started it, posted before the word is written.
 */

/** The reason for which the current thread was cancelled, once somebody in it has asked. */
let known: { readonly ident: number; readonly reason: unknown } | undefined;

/** The current thread has cancelled itself, so no message will say why. */
export function setReason(ident: number, reason: unknown): void {
  if (known?.ident !== ident) known = { ident, reason };
}

/** Why the current thread was cancelled: the same object each time. */
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

/** In any thread: whether the thread was cancelled. */
export function isCancelled(ident: number): boolean {
  return load(table, slotOf(ident) + CANCEL) !== 0;
}

/** Sets the thread's CANCEL word, and wakes its `sleepSync` and those that called `onCancel`. */
export function markCancelled(ident: number): void {
  const cell = slotOf(ident) + CANCEL;
  if (compareExchange(table, cell, 0, 1) === 0) wake(table, cell);
}

/** What is to run when a thread is cancelled, by ident. Invariant: while an ident is in it, one waitAsync looks out. */
const listening = new Map<number, Set<() => void>>();

/**
 * `cancelled` runs once, from the event loop, when the thread is cancelled. Returns how to stop listening. The end of the
 * thread ends the listening, so that nothing of it stays in a worker that takes the next thread. Does not keep the
 * process alive. All that listen share one waitAsync: one each would stay until the thread ends, and a thread may call this
 * for each of a million values.
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
