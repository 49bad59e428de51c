import { markCancelled } from '../../primitives/threads/cancel-flag.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { packError } from '../wire/codec.js';
import type { CancelMessage } from '../wire/messages.js';
import { onCancel, reasonFor, setReason } from './cancellation.js';
import { remoteCancel } from './remote-ask.js';
import type { ThreadRun } from './thread-run.js';

/**
 * The cancel of a thread, as one Thread object has asked for it or sees it. `ident` is 0 while the thread has not been
 * started.
 */
export class CancelRequest {
  /** The first reason that `cancel` of this Thread object was given, maybe before the start. */
  #asked: { readonly reason: unknown } | undefined;
  /** Of `signal`, once somebody has asked for that. */
  #abort: AbortController | undefined;

  get asked(): boolean {
    return this.#asked !== undefined;
  }

  /** @param run - of a thread that was started here: its worker hears the reason before it sees the CANCEL word */
  ask(ident: number, reason: unknown, run: ThreadRun | undefined): void {
    this.#asked ??= { reason };
    if (ident === 0) {
      this.#abort?.abort(reason);
      return;
    }
    if (run !== undefined) run.post(cancelMessage(ident, reason));
    else if (ident === getIdent()) setReason(ident, reason);
    else remoteCancel(ident, reason);
    markCancelled(ident);
  }

  /** The thread has its ident: a cancel from before the start is marked in its slot. */
  started(ident: number): void {
    if (this.asked) markCancelled(ident);
    else if (this.#abort !== undefined) this.#hear(ident, this.#abort);
  }

  /** What the thread's worker is told with its start. */
  message(ident: number): CancelMessage | undefined {
    return this.#asked && cancelMessage(ident, this.#asked.reason);
  }

  /** Aborted when the thread is cancelled, with the reason. */
  signal(ident: number): AbortSignal {
    if (this.#abort !== undefined) return this.#abort.signal;
    const abort = new AbortController();
    this.#abort = abort;
    if (ident !== 0) this.#hear(ident, abort);
    else if (this.#asked !== undefined) abort.abort(this.#asked.reason);
    return abort.signal;
  }

  #hear(ident: number, abort: AbortController): void {
    onCancel(ident, () => abort.abort(this.#asked === undefined ? reasonFor(ident) : this.#asked.reason));
  }
}

/** What tells the worker why a thread is cancelled. */
export function cancelMessage(ident: number, reason: unknown): CancelMessage {
  return { kind: 'cancel', ident, reason: packError(reason) };
}
