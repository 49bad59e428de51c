import { after, keepAlive } from '../primitives/waiting/event-loop.js';
import { onAbort } from '../primitives/waiting/on-abort.js';
import { apart } from '../primitives/waiting/unheard.js';
import type { Settle } from '../primitives/waiting/wait.js';

/** Those that wait for the session to be connected. */
export class Openings {
  readonly #all = new Set<Settle<void>>();
  readonly #late: (ms: number) => Error;

  /** @param late - the error of who has waited that long */
  constructor(late: (ms: number) => Error) {
    this.#late = late;
  }

  /** Returns how to leave, or nothing when it has ended already. */
  begin(timeout: number, signal: AbortSignal | undefined, settle: Settle<void>): (() => void) | undefined {
    if (signal?.aborted) {
      settle.reject(signal.reason);
      return undefined;
    }
    const end = (tell: () => void): void => {
      if (!this.#all.delete(one)) return;
      deaf?.();
      late?.();
      keepAlive(-1);
      apart(tell);
    };
    const one: Settle<void> = {
      resolve: () => end(() => settle.resolve()),
      reject: (error) => end(() => settle.reject(error)),
    };
    this.#all.add(one);
    keepAlive(1);
    const deaf = signal && onAbort(signal, () => one.reject(signal.reason));
    const late =
      timeout < Number.POSITIVE_INFINITY ? after(timeout, () => one.reject(this.#late(timeout))) : undefined;
    return () => end(() => {});
  }

  resolve(): void {
    for (const one of this.#all) one.resolve();
  }

  reject(error: unknown): void {
    for (const one of this.#all) one.reject(error);
  }
}
