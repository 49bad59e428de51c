import { ThreadError } from '../../errors.js';
import { compareExchange, load, wake } from '../memory/word.js';
import { getIdent } from './current-ident.js';
import { CANCEL, notCancelled, slotOf, table } from './table.js';
import { threadWide } from './thread-wide.js';

// CANCEL, in its low two bits, above them the ident:
//   NOT_CANCELLED -anybody-> CANCELLED -the thread, as it throws the reason-> TOLD
// Invariant: who cancels a thread whose slot has gone to another changes nothing.
const CANCELLED = 1;
const TOLD = 2;

const own = {
  reason: (): unknown => new ThreadError('the thread was cancelled', { code: 'ERR_THREAD_CANCELLED' }),
};
const cancel: typeof own = threadWide('cancel', own);

/** Sets where this worker gets the reason of a cancel from, without its event loop; called as its first thread begins. */
export function setCancelReason(reason: () => unknown): void {
  cancel.reason = reason;
}

/** Throws the reason when the current thread has been cancelled: once, in the blocking wait that asks first. */
export function throwIfCancelled(): void {
  const ident = getIdent();
  const cell = slotOf(ident) + CANCEL;
  const open = notCancelled(ident);
  if (load(table, cell) === open) return;
  if (compareExchange(table, cell, open + CANCELLED, open + TOLD) === open + CANCELLED) throw cancel.reason();
}

/** In any thread: whether the thread was cancelled; false once its slot has gone to another. */
export function isCancelled(ident: number): boolean {
  const word = load(table, slotOf(ident) + CANCEL);
  return word === notCancelled(ident) + CANCELLED || word === notCancelled(ident) + TOLD;
}

/** Sets the thread's CANCEL word, and wakes those who sleep on it. */
export function markCancelled(ident: number): void {
  const cell = slotOf(ident) + CANCEL;
  const open = notCancelled(ident);
  if (compareExchange(table, cell, open, open + CANCELLED) === open) wake(table, cell);
}
