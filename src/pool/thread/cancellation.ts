import { ThreadError } from '../../errors.js';
import { parkAsync } from '../../primitives/memory/word.js';
import { isCancelled, setCancelReason } from '../../primitives/threads/cancel-flag.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { CANCEL, notCancelled, slotOf, table } from '../../primitives/threads/table.js';
import { liveWord } from '../../primitives/threads/thread-slots.js';
import { threadWide } from '../../primitives/threads/thread-wide.js';
import { unpackError } from '../wire/codec.js';
import { cancelOf } from '../wire/parent-link.js';

/*
 * That a thread was cancelled its CANCEL word says, which any thread may write and which code that never yields can read.
 * Why it was cancelled only a message can say: one from the thread that started it, posted before the word is written.
 */

interface Reason {
  /** The reason for which the current thread was cancelled, once somebody in it has asked. */
  known: { readonly ident: number; readonly reason: unknown } | undefined;
}

/** In whichever copy of this library: its own reason a thread may have said by another than its worker's. */
const told: Reason = threadWide('cancel reason', { known: undefined });

/** The current thread has cancelled itself, so no message will say why. */
export function setReason(ident: number, reason: unknown): void {
  if (told.known?.ident !== ident) told.known = { ident, reason };
}

/** Why a thread was cancelled, as far as is known here: of the current one the same object each time. */
export function reasonFor(ident: number): unknown {
  if (told.known?.ident === ident) return told.known.reason;
  const message = cancelOf(ident);
  const reason =
    message !== undefined
      ? unpackError(message.reason)
      : new ThreadError('the thread was cancelled', { code: 'ERR_THREAD_CANCELLED' });
  if (ident === getIdent()) told.known = { ident, reason };
  return reason;
}

setCancelReason(() => reasonFor(getIdent()));

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
    const lives = liveWord(ident) !== undefined;
    const isNow = isCancelled(ident);
    const again = (): void => lookOut(ident, listeners);
    if (lives && !isNow && parkAsync(table, cell, notCancelled(ident), again)) return;
    if (lives && !isNow) continue;
    listening.delete(ident);
    if (isNow) for (const cancelled of listeners) cancelled();
    return;
  }
}
