import { ThreadError } from '../../errors.js';
import { compareExchange, load } from '../memory/word.js';
import { getIdent } from './current-ident.js';
import { CANCEL, slotOf, table } from './table.js';
import { threadWide } from './thread-wide.js';

// CANCEL: NOT_CANCELLED -anybody-> CANCELLED -the thread, as it throws the reason-> TOLD
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
  const cell = slotOf(getIdent()) + CANCEL;
  if (load(table, cell) === 0) return;
  if (compareExchange(table, cell, CANCELLED, TOLD) === CANCELLED) throw cancel.reason();
}
