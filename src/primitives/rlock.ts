import { ThreadError } from '../errors.js';
import type { Held, HeldGroup, Holdable } from './held.js';
import { FLAGS, OWN, SLEEPERS, TURN_ASKED, VALUE, WORD } from './memory/layout.js';
import { compareExchange, load, store } from './memory/word.js';
import type { AcquireSyncOptions } from './options.js';
import { OwnedLock } from './owned-lock.js';
import type { PrimitiveKind } from './threads/contention.js';
import { getIdent, onThreadEnd } from './threads/current-ident.js';
import { isAlive } from './threads/liveness.js';
import { TRACING } from './threads/trace-flag.js';
import type { Outcome } from './waiting/attempt.js';
import { currentScope, type Scope } from './waiting/section-scope.js';
import { emit, levels, tracing } from './waiting/trace.js';

/** How often the owner holds it beyond the first time. Invariant: 0 while it is unlocked; only the owner writes it. */
const EXTRA = OWN;

/**
 * How many threads have ended in this worker: the sections of those are void, because the worker's next thread is another
 * owner.
 */
let threadsEnded = 0;
onThreadEnd(() => threadsEnded++);

/**
 * Mutual exclusion that its owner, a thread, may enter again: it is free once released as often as acquired. Only the
 * owner may release it. What one thread acquires counts as that thread's; but what `withLock` acquired is its section's
 * alone, and the rest of the thread waits for it like strangers.
 *
 * A thread that ends with it, killed or not, makes one acquirer see OwnerDiedError. Source: CPython,
 * `threading.RLock`.
 *
 * @throws TypeError for bad options
 * @example
 * const lock = new RLock();
 * lock.acquireSync();
 * lock.acquireSync(); // does not wait
 * console.log(lock.count); // prints 2
 * lock.release();
 * lock.release();
 */
export class RLock extends OwnedLock {
  /** The owner of the section that took it last, and when: it is the holder while that thread goes on. */
  #section: object | undefined;
  #takenAt = 0;
  /** What the Helds of this thread release; made with the first one. */
  #inHand: InHand | undefined;

  /**
   * Blocks the thread. true once acquired, at once by its owner, false when `blocking: false` or `timeout` (ms) gave up.
   *
   * @throws TypeError, RangeError for bad options; OwnerDiedError; the reason when the thread is cancelled
   */
  acquireSync(options?: AcquireSyncOptions): boolean {
    const looked = levels();
    if (options === undefined && (looked & TRACING) === 0) {
      const me = getIdent();
      const word = compareExchange(this.cells, WORD, 0, me);
      if (word === 0) {
        if (looked !== 0) this.noteTaken(looked, false);
        return true;
      }
      if ((word & VALUE) === me && this.#isHolder()) {
        this.#enterAgain();
        return true;
      }
    }
    return this.acquireBlocking(options);
  }

  /** Takes back one acquire; the last one unlocks it. @throws ThreadError (`ERR_NOT_OWNER`) when the caller is not the owner */
  release(): void {
    const word = load(this.cells, WORD);
    if ((word & VALUE) !== getIdent() || !this.#isHolder()) throw this.#notOwner(word & VALUE);
    this.#releaseFrom(word);
  }

  /** The release of a Held or of a section, from whatever code of the thread: whoever has it may. @internal */
  releaseHeld(): void {
    const word = load(this.cells, WORD);
    if ((word & VALUE) !== getIdent()) throw this.#notOwner(word & VALUE);
    this.#releaseFrom(word);
  }

  #releaseFrom(word: number): void {
    const extra = load(this.cells, EXTRA);
    if (extra > 0) store(this.cells, EXTRA, extra - 1);
    else this.#free(word);
    if (tracing()) emit('release', this.name);
  }

  #notOwner(owner: number): ThreadError {
    const whose = owner === getIdent() ? 'a withLock section of it' : `thread ${owner}`;
    const found = owner === 0 ? 'is not locked' : `is owned by ${whose}`;
    return new ThreadError(`release of ${this.name} by thread ${getIdent()}: it ${found}`, {
      code: 'ERR_NOT_OWNER',
    });
  }

  #free(word: number): void {
    this.#section = undefined;
    const looked = levels();
    const since = looked === 0 ? 0 : this.noteFree(looked);
    for (let now = word; ; word = now) {
      now = compareExchange(this.cells, WORD, word, word & TURN_ASKED);
      if (now === word) break;
    }
    this.wakeAfterRelease(word & FLAGS, 1);
    if (since !== 0) this.noteHeld(since);
  }

  #enterAgain(): void {
    store(this.cells, EXTRA, load(this.cells, EXTRA) + 1);
  }

  /** Recursion level, whoever owns it; 0 while unlocked. */
  get count(): number {
    return this.locked() ? load(this.cells, EXTRA) + 1 : 0;
  }

  /** Whether the caller holds it, and so may wait on a Condition over it. @internal */
  isOwned(): boolean {
    return (load(this.cells, WORD) & VALUE) === getIdent() && this.#isHolder();
  }

  /** Whether the caller counts as the holder, while the thread owns it. */
  #isHolder(): boolean {
    const { holder } = this;
    return holder === undefined || currentScope()?.countsAs(holder) === true;
  }

  /** The owner of the section that holds it; undefined: the thread as a whole, or another thread. @internal */
  get holder(): object | undefined {
    return this.#takenAt === threadsEnded ? this.#section : undefined;
  }

  /**
   * Makes the section its owner in place of the whole thread. Called at once after acquiring; deeper levels change nothing.
   *
   * @internal
   */
  holdFor(scope: Scope): void {
    if (load(this.cells, EXTRA) === 0) this.#holdAs(scope.owner);
  }

  #holdAs(holder: object | undefined): void {
    this.#section = holder;
    this.#takenAt = threadsEnded;
  }

  /** Releases every level while a Condition waits. Returns the number of levels, for `restore`. @internal */
  releaseAll(): number {
    const depth = load(this.cells, EXTRA) + 1;
    store(this.cells, EXTRA, 0);
    this.release();
    return depth;
  }

  /**
   * Called by a Condition once its wait has taken it again: as deep as before. Another Observable of this thread may have
   * brought it back first; then this wait's levels and Helds come on top of those.
   *
   * @internal
   */
  restore(depth: number, holder: object | undefined, helds: HeldGroup): void {
    const extra = load(this.cells, EXTRA);
    if (extra === 0) {
      this.#holdAs(holder);
      this.takeBack(helds);
    } else helds.putBack(this.helds);
    store(this.cells, EXTRA, extra + depth - 1);
  }

  /** @internal */
  override inHand(taken?: Holdable): Held {
    this.#inHand ??= new InHand(this);
    return super.inHand(taken ?? this.#inHand);
  }

  /** @internal */
  override get reentrant(): true {
    return true;
  }

  /** @internal */
  override takeFirst(ahead: number, mayBarge: boolean): boolean {
    return super.takeFirst(ahead > 0 && this.isOwned() ? 0 : ahead, mayBarge);
  }

  /**
   * Also by a wait that was queued before its owner got it: as if it came only now.
   *
   * @internal
   */
  override tryTake(mayBarge: boolean): Outcome<true> {
    if (!this.isOwned()) return super.tryTake(mayBarge);
    this.#enterAgain();
    return true;
  }

  /** Also of a thread that ended by itself: nobody else may release it. @internal */
  protected lossOf(owner: number): string | undefined {
    return isAlive(owner) ? undefined : 'ended';
  }

  /** @internal */
  protected freeFromLost(word: number): boolean {
    // In two steps, because EXTRA has to be 0 before another thread takes it. In between it is the caller's, and an RLock
    // nobody but its owner may release.
    const mine = (word & FLAGS) | getIdent() | SLEEPERS;
    if (compareExchange(this.cells, WORD, word, mine) !== word) return false;
    this.heldSince = 0;
    store(this.cells, EXTRA, 0);
    this.#free(mine);
    return true;
  }

  /** @internal */
  override get primitiveKind(): PrimitiveKind {
    return 'RLock';
  }

  /** Its state, owner, count and name. */
  override toString(): string {
    const state = this.locked() ? 'locked' : 'unlocked';
    return `<${state} RLock object '${this.name}' owner=${this.owner ?? 0} count=${this.count} at #${this.id}>`;
  }
}

/** A level of an RLock that is released by its Held, maybe outside of the section in which it was taken. */
class InHand implements Holdable {
  readonly #lock: RLock;

  constructor(lock: RLock) {
    this.#lock = lock;
  }

  get helds(): HeldGroup {
    return this.#lock.helds;
  }

  release(): void {
    this.#lock.releaseHeld();
  }
}
