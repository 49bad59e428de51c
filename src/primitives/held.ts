import { show } from './options.js';
import { uncloneable } from './uncloneable.js';

/** Why one can neither be an argument nor be posted. */
export const HELD_STAYS: string =
  'a Held cannot be sent to a thread, what it holds is held here: send the lock, and hold it there';
const UNCLONEABLE = uncloneable(HELD_STAYS);

/**
 * A lock or permit in hand, to be released once: by `release`, by `using` or by `await using`. Releasing twice is a
 * no-op.
 *
 * While a Condition's `wait` has let the lock go there is nothing to release: it is released when that wait is over and
 * its subscriber was told, and never when that wait was left. Source: CPython, the `with` statement on a lock.
 *
 * @param of - what is released; for a lock of your own, an object with a `release`
 * @throws TypeError for one without
 * @example
 * const lock = new Lock();
 * {
 *   using held = lock.holdSync();
 *   console.log(lock.locked(), held.released); // prints true false
 * }
 * console.log(lock.locked()); // prints false
 */
export class Held implements Disposable, AsyncDisposable {
  /** See uncloneable.ts. @internal */
  readonly uncloneable: symbol = UNCLONEABLE;
  readonly #of: Holdable;
  readonly #helds: HeldGroup | undefined;
  readonly #era: number;
  #released = false;

  constructor(of: Holdable) {
    if (typeof of?.release !== 'function')
      throw new TypeError(`what is held must have a release(), got ${show(of)}`);
    this.#of = of;
    this.#helds = of.helds;
    this.#era = this.#helds?.era ?? 0;
  }

  /** Whether `release` was called, by whichever way. */
  get released(): boolean {
    return this.#released;
  }

  /** Releases the lock or permit; nothing the second time. @throws what the lock's own `release` throws */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    if (this.#helds === undefined) this.#of.release();
    else this.#helds.release(this.#of, this.#era);
  }

  /** As `release`; called by `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** As `release`; called by `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}

/** What a Held releases. */
export interface Holdable {
  /** Called once. */
  release(): void;
  /** The group that a Held taken now belongs to; undefined: of a lock that no Condition can set aside. @internal */
  readonly helds?: HeldGroup | undefined;
  /**
   * Called instead when its group is set aside: returns what is to be released later, which may be never.
   *
   * @internal
   */
  whenLate?(): Holdable;
}

/**
 * The Helds of one lock in one thread that count together: in effect, or set aside while a Condition's wait has let the
 * lock go, however deep it was held.
 *
 * IN EFFECT -a wait begins-> ASIDE -the wait has the lock again-> IN EFFECT, in the next era; ASIDE for good when the wait
 * is left. Of a `waitFor` that is left while its predicate has the lock, the Helds of earlier eras are void.
 * Invariant: each Held is released once, and no lock is released for one that is set aside.
 */
export class HeldGroup {
  #aside = false;
  /** Rises as the group is put back; a Held has that in which it was taken. */
  era = 0;
  /** Helds of an earlier one are void. */
  #from = 0;
  /** What was released while the group was set aside. */
  #late: Holdable[] = [];
  /** The group that this one was put together with. */
  #joined: HeldGroup | undefined;

  get isAside(): boolean {
    return this.#joined?.isAside ?? this.#aside;
  }

  release(of: Holdable, era: number = this.era): void {
    if (era < this.#from) of.whenLate?.();
    else if (this.#joined !== undefined) this.#joined.release(of);
    else if (this.#aside) this.#late.push(of.whenLate?.() ?? of);
    else of.release();
  }

  setAside(): void {
    this.#aside = true;
    this.#joined = undefined;
  }

  /** @param others - in effect already: waits of one thread may come back to the same RLock, one after the other */
  putBack(others?: HeldGroup): void {
    this.#aside = false;
    this.#joined = others;
    this.era++;
  }

  /** The Helds taken before it was put back have nothing to release. */
  voidEarlier(): void {
    this.#from = this.era;
    this.#late = [];
  }

  /** Releases what was released while set aside; called by a Condition after the subscriber of its wait was told. */
  releaseDeferred(): void {
    const late = this.#late;
    this.#late = [];
    for (const of of late) this.release(of);
  }
}
