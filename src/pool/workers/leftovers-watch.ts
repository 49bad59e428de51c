import { ThreadError } from '../../errors.js';
import { lateAfter } from './late-after.js';
import { reportUnhandled } from './unhandled.js';

/**
 * ms in which a worker whose leftovers have a limit says that it is free, some more than they have; and in which a worker that
 * runs no job looks at its next one.
 */
export const HUNG_MS = 5000;
const HUNG = 'what a job left behind blocks its worker, which is killed';

/** What the last job of a session has left behind in its worker, as seen from who started it. */
export class LeftoversWatch {
  readonly #limited: boolean;
  readonly #kill: () => void;
  #stopTimer: (() => void) | undefined;
  /** The ident of the thread that left it; 0: there is nothing. */
  of = 0;

  /** @param limited - the worker does not wait for it for ever */
  constructor(limited: boolean, kill: () => void) {
    this.#limited = limited;
    this.#kill = kill;
  }

  /** Returns whether jobs may wait for the worker. */
  begin(ident: number): boolean {
    this.of = ident;
    if (this.#limited) this.#stopTimer = lateAfter(HUNG_MS, () => this.killHung(ident));
    return this.#limited;
  }

  /** It is done, or counts as there to stay, or the worker is no more. Returns what `begin` did. */
  end(): boolean {
    const began = this.of !== 0;
    this.of = 0;
    this.#stopTimer?.();
    return began && this.#limited;
  }

  /** Kills the worker, which is blocked by what a job has left behind, and tells of it: nobody else can. */
  killHung(ident: number | null): void {
    reportUnhandled(ident, new ThreadError(HUNG, { code: 'ERR_THREAD_DIED' }));
    this.#kill();
  }
}
