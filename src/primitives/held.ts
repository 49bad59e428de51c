import type { HeldGroup, Holdable } from './holds.js';

/**
 * A lock or permit in hand, to be released once: by `release`, by `using` or by `await using`. Releasing twice is a
 * no-op.
 *
 * While a Condition's `wait` has let the lock go there is nothing to release: it is released when that wait is over and
 * its subscriber was told, and never when that wait was left.
 *
 * @example
 * using held = lock.holdSync();
 */
export class Held implements Disposable, AsyncDisposable {
  readonly #of: Holdable;
  readonly #helds: HeldGroup;
  #released = false;

  constructor(of: Holdable) {
    this.#of = of;
    this.#helds = of.helds;
  }

  get released(): boolean {
    return this.#released;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#helds.release(this.#of);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}
