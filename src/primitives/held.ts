/** What a Held gives back to. */
export interface Holdable {
  release(): void;
  /** Another while what the thread held is let go for a wait, and for good when that wait is left. @internal */
  readonly holds: number;
}

/**
 * A lock or permit in hand, to be released once: by `release`, by `using` or by `await using`. Releasing twice is a
 * no-op.
 *
 * @example
 * using held = lock.holdSync();
 */
export class Held implements Disposable, AsyncDisposable {
  readonly #of: Holdable;
  readonly #holds: number;
  #released = false;

  constructor(of: Holdable) {
    this.#of = of;
    this.#holds = of.holds;
  }

  get released(): boolean {
    return this.#released;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    if (this.#of.holds === this.#holds) this.#of.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}
