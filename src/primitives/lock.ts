import type { Observable } from 'rxjs';
import { ThreadError } from '../errors.js';
import type { HeldGroup } from './held.js';
import { FLAGS, SLEEPERS, TURN_ASKED, VALUE, WORD } from './memory/layout.js';
import { compareExchange, load } from './memory/word.js';
import type { AcquireSyncOptions } from './options.js';
import { OwnedLock } from './owned-lock.js';
import { noteFact, type PrimitiveKind, RETURNED, SIGNALLED } from './threads/contention.js';
import { getIdent } from './threads/current-ident.js';
import { hasDied } from './threads/liveness.js';
import { TRACING } from './threads/trace-flag.js';
import { valueStream } from './waiting/state-stream.js';
import { emit, levels, tracing } from './waiting/trace.js';

/**
 * Mutual exclusion between threads. Not owned: any thread may release it, and acquiring it again in the same thread
 * waits. Waiters of one thread are served in the order they came.
 *
 * A thread that is killed with it makes one acquirer see OwnerDiedError; a thread whose target has ended leaves it
 * locked. Source: CPython, `threading.Lock`.
 *
 * @throws TypeError for bad options
 * @example
 * const lock = new Lock();
 * if (await lock.acquire({ timeout: 100 })) {
 *   try {
 *     console.log(lock.locked()); // prints true
 *   } finally {
 *     lock.release();
 *   }
 * }
 */
export class Lock extends OwnedLock {
  /**
   * Blocks the thread. true once acquired, false when `blocking: false` or `timeout` (ms) gave up.
   *
   * @throws TypeError, RangeError for bad options; OwnerDiedError; the reason when the thread is cancelled
   */
  acquireSync(options?: AcquireSyncOptions): boolean {
    const looked = levels();
    if (
      options === undefined &&
      (looked & TRACING) === 0 &&
      compareExchange(this.cells, WORD, 0, getIdent()) === 0
    ) {
      if (looked !== 0) this.noteTaken(looked, false);
      return true;
    }
    return this.acquireBlocking(options);
  }

  /** Unlocks it; any thread may. @throws ThreadError (`ERR_NOT_LOCKED`) when unlocked */
  release(): void {
    const me = getIdent();
    const looked = levels();
    const since = looked === 0 ? 0 : this.noteFree(looked);
    const free = (looked & TRACING) === 0 && compareExchange(this.cells, WORD, me, 0) === me;
    if (!free) this.#releaseFrom(load(this.cells, WORD));
    else this.queue?.lookSoon();
    if (since !== 0) this.noteHeld(since);
  }

  #releaseFrom(word: number): void {
    for (let seen = word; ; ) {
      if ((seen & VALUE) === 0)
        throw new ThreadError(`release of ${this.name}, which is not locked`, { code: 'ERR_NOT_LOCKED' });
      const now = compareExchange(this.cells, WORD, seen, seen & TURN_ASKED);
      if (now === seen) break;
      seen = now;
      word = now;
    }
    noteFact(this.cells, (word & VALUE) === getIdent() ? RETURNED : SIGNALLED);
    if (tracing()) emit('release', this.name);
    this.wakeAfterRelease(word & FLAGS, 1);
  }

  /** Whether the caller may wait on a Condition over it: for a Lock, whether anybody holds it. @internal */
  isOwned(): boolean {
    return this.locked();
  }

  /** The section that owns it: none, a Lock has no owner. Here so that Condition can treat Lock and RLock alike. @internal */
  get holder(): undefined {
    return undefined;
  }

  /** Releases every level while a Condition waits: of a Lock the only one. Returns their number, for `restore`. @internal */
  releaseAll(): number {
    this.release();
    return 1;
  }

  /**
   * Called by a Condition once its wait has taken the lock again: the Helds taken before the wait can be released again.
   *
   * @internal
   */
  restore(_depth: number, _holder: undefined, helds: HeldGroup): void {
    this.takeBack(helds);
  }

  /** @internal */
  protected lossOf(owner: number): string | undefined {
    return hasDied(owner) ? 'died' : undefined;
  }

  /** @internal */
  protected freeFromLost(word: number): boolean {
    const looked = levels();
    // How long the lost owner had it is that thread's to tell.
    if (looked !== 0) this.noteFree(looked);
    // In one step: were it the caller's for a moment, any thread could release it meanwhile, and the caller would then
    // free it from whoever took it next.
    if (compareExchange(this.cells, WORD, word, word & TURN_ASKED) !== word) return false;
    // One blocked waiter may have been woken by a release and have died with it: whether or not SLEEPERS says so.
    this.wakeAfterRelease((word & FLAGS) | SLEEPERS, 1);
    return true;
  }

  /** One compare-exchange where it is free and without flags: half of what a subscribed acquire costs. @internal */
  override takeFirst(ahead: number, mayBarge: boolean): boolean {
    if (ahead === 0 && compareExchange(this.cells, WORD, 0, getIdent()) === 0) {
      const looked = levels();
      if (looked !== 0) this.noteTaken(looked, false);
      return true;
    }
    return super.takeFirst(ahead, mayBarge);
  }

  /** Here alone: another thread than its owner cannot release an RLock. @internal */
  get owner$(): Observable<number | null> {
    return valueStream(this, () => this.owner);
  }

  /** @internal */
  override get primitiveKind(): PrimitiveKind {
    return 'Lock';
  }

  /** Its state and name. */
  override toString(): string {
    return `<${this.locked() ? 'locked' : 'unlocked'} Lock object '${this.name}' at #${this.id}>`;
  }
}
