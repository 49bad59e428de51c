import { ThreadError } from '../errors.js';
import { CANCEL, slotOf, stateOf, table } from '../primitives/thread-table.js';
import { compareExchange, load, parkAsync, wake } from '../primitives/word.js';

/**
 * That a thread was cancelled is told by its CANCEL word, which any thread may write and which code that never yields
 * can read. Why it was, only a message can tell.
 */
const reasons = new Map<number, unknown>();

/** Before the word says so. */
export function setReason(ident: number, reason: unknown): void {
  if (!reasons.has(ident)) reasons.set(ident, reason);
}

export function reasonFor(ident: number): unknown {
  if (!reasons.has(ident)) {
    reasons.set(ident, new ThreadError('the thread was cancelled', { code: 'ERR_THREAD_CANCELLED' }));
  }
  return reasons.get(ident);
}

export function forgetReason(ident: number): void {
  reasons.delete(ident);
}

export function isCancelled(ident: number): boolean {
  return load(table, slotOf(ident) + CANCEL) !== 0;
}

/** Sets the word and wakes whoever looks at it. */
export function markCancelled(ident: number): void {
  const cell = slotOf(ident) + CANCEL;
  if (compareExchange(table, cell, 0, 1) === 0) wake(table, cell);
}

/** Runs once, from the event loop, when the thread is cancelled. Does not keep the process alive. */
export function onCancel(ident: number, cancelled: () => void): () => void {
  const cell = slotOf(ident) + CANCEL;
  let listening = true;
  const listen = (): void => {
    if (!listening) return;
    const state = stateOf(ident);
    if (state === 0) return;
    if (load(table, cell) !== 0) {
      listening = false;
      cancelled();
    } else if (!parkAsync(table, cell, 0, listen)) listen();
  };
  listen();
  return () => {
    listening = false;
  };
}
