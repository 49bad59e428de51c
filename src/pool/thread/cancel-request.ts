import { getIdent } from '../../primitives/threads/current-ident.js';
import { packError } from '../wire/codec.js';
import type { CancelMessage } from '../wire/messages.js';
import { markCancelled, onCancel, reasonFor, setReason } from './cancellation.js';
import { remoteCancel } from './remote-ask.js';
import type { ThreadRun } from './thread-run.js';

/** What one Thread object knows of its thread's cancel. An ident of 0: the thread has not been started. */
export class CancelRequest {
  /** Asked for here, maybe before the start. */
  #asked: { readonly reason: unknown } | undefined;
  #abort: AbortController | undefined;

  get asked(): boolean {
    return this.#asked !== undefined;
  }

  /** @param run - where the thread was started: its run */
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

  /** The thread has its ident. */
  started(ident: number): void {
    if (this.asked) markCancelled(ident);
  }

  /** What its worker hears first of all. */
  messages(ident: number): CancelMessage[] {
    return this.#asked === undefined ? [] : [cancelMessage(ident, this.#asked.reason)];
  }

  /** Aborted when it is cancelled. */
  signal(ident: number): AbortSignal {
    if (this.#abort !== undefined) return this.#abort.signal;
    const abort = new AbortController();
    this.#abort = abort;
    const tell = (): void => abort.abort(this.#asked === undefined ? reasonFor(ident) : this.#asked.reason);
    if (ident !== 0) onCancel(ident, tell);
    else if (this.asked) tell();
    return abort.signal;
  }
}

function cancelMessage(ident: number, reason: unknown): CancelMessage {
  return { kind: 'cancel', ident, reason: packError(reason) };
}
