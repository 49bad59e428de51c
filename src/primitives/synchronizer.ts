import type { TimeoutError, Unsubscribable } from 'rxjs';
import { AcquireAttempt } from './acquire-attempt.js';
import { Held, HeldGroup, type Holdable } from './held.js';
import {
  ACQUIRES,
  AGENTS,
  FLAGS,
  SLEEPERS,
  TURN,
  TURN_ASKED,
  VALUE,
  WATCHED,
  WORD,
} from './memory/layout.js';
import { compareExchange, load, or, peek, store } from './memory/word.js';
import {
  type AcquireOptions,
  type AcquireSyncOptions,
  checkAcquire,
  checkOptions,
  checkSignal,
  checkTimeout,
  checkWaitSync,
  refuseSignal,
  type WaitOptions,
  type WaitSyncOptions,
} from './options.js';
import { Primitive } from './primitive.js';
import { contended, HELD, heldFor, noteFact } from './threads/contention.js';
import { getIdent } from './threads/current-ident.js';
import { clock } from './threads/table.js';
import { ALL, HOLDS, lookedAtAs } from './threads/trace-flag.js';
import { type Outcome, PENDING, YIELDED } from './waiting/attempt.js';
import { beginWait } from './waiting/begin-wait.js';
import { waitBlocking } from './waiting/blocking-wait.js';
import { tellHoldEnds } from './waiting/channels.js';
import { noteWakeUp } from './waiting/noted-wait.js';
import { timedOut } from './waiting/timed-out.js';
import { emit, levels, tracing } from './waiting/trace.js';
import { type Begin, type Settle, Wait } from './waiting/wait.js';

/** How many acquisitions one of is measured, and of those that others wait behind: to read the clock costs more than to acquire. */
const MEASURED_EVERY = 64;
const MEASURED_WHEN_WAITED_FOR = 16;

/** Its lower 32 bits, which are what `|` works on, and never 0. */
function microsecondNow(): number {
  return (clock() * 1000) | 0 || 1;
}

/**
 * What can be acquired and released: the ground of Lock, RLock and Semaphore, which say what their VALUE means.
 *
 * WORD: VALUE free -take, any thread-> VALUE taken -release, whoever may-> VALUE free. Each move is one
 * compare-exchange that drops the flags of those it then wakes. A running thread may barge: overtake those being woken.
 *
 * TURN_ASKED: a waiter that lost for TURN_AFTER ms puts its ident into TURN and sets the flag, which a release keeps.
 * Until it takes, the others yield to it, but at most YIELD_MS each: the thread that asked may be busy, or dead.
 *
 * Invariant: a release wakes whoever had set a flag before it; a blocked waiter sets SLEEPERS again before it takes or
 * gives up, for those that sleep behind it.
 */
export abstract class Synchronizer extends Primitive {
  /** The Helds in effect in this thread. @internal */
  helds: HeldGroup = new HeldGroup();
  /**
   * Since when this thread holds it, in µs, while somebody looks at all; 0: it does not, or that is not measured. A hold that
   * another thread ends is not: in shared memory this would be a word that is read at every release.
   *
   * @internal
   */
  heldSince = 0;
  /** What `lookedAtAs` was then: were it another by the end, nobody may have looked at what became of that hold. */
  #heldAs = 0;
  /** Shared by the Observable waits of this thread, of which only the first tries. */
  #attempt: AcquireAttempt | undefined;
  /** How all waits without options begin. */
  #begin: Begin<boolean> | undefined;

  /** VALUE when taken from `value`, or -1 while that cannot be. @internal */
  protected abstract valueAfterTake(value: number): number;

  /**
   * Called by a Condition as its wait lets the lock go: the Helds taken until then have nothing to release. Returns
   * them, for `restore` to put back.
   *
   * @internal
   */
  setHeldsAside(): HeldGroup {
    const { helds } = this;
    helds.setAside();
    this.helds = new HeldGroup();
    return helds;
  }

  /** Those are in effect again. @internal */
  takeBack(helds: HeldGroup): void {
    helds.putBack();
    this.helds = helds;
  }

  /** See Takeable. @internal */
  get reentrant(): boolean {
    return false;
  }

  /** Ends what a dead owner holds; a Semaphore has no owner. @throws OwnerDiedError @internal */
  checkOwner(): void {}

  /** Gives back what was acquired. */
  abstract release(): void;

  /** Takes it if it is free. Flags stay, but for those of the watchers, who are told. @internal */
  tryTake(mayBarge: boolean): Outcome<true> {
    for (;;) {
      const word = load(this.cells, WORD);
      const value = this.valueAfterTake(word & VALUE);
      if (value < 0) return PENDING;
      const asked = (word & TURN_ASKED) !== 0;
      if (asked && !mayBarge && load(this.cells, TURN) !== getIdent() && load(this.cells, TURN) !== 0)
        return YIELDED;
      const next = value | (word & FLAGS & ~WATCHED & ~TURN_ASKED);
      if (compareExchange(this.cells, WORD, word, next) !== word) continue;
      if (asked) store(this.cells, TURN, 0);
      const looked = levels();
      if (looked !== 0)
        this.noteTaken(looked, (word & (SLEEPERS | AGENTS)) !== 0 || (this.queue?.size ?? 0) > 0);
      if ((word & WATCHED) !== 0) this.wakeFlagged(WATCHED, 0);
      return true;
    }
  }

  /**
   * Called by who has just taken it, while somebody looks: counts that, and begins at times to measure how long
   * it is held. Plain stores, because nobody else has it.
   *
   * @param looked - `levels()`
   * @internal
   */
  noteTaken(looked: number, othersWait: boolean): void {
    // What was told of before has ended by another thread's release.
    if ((looked & HOLDS) !== 0) tellHoldEnds(this);
    if ((looked & ALL) === 0) return;
    const count = peek(this.cells, ACQUIRES) + 1;
    this.cells[ACQUIRES] = count;
    const every = othersWait ? MEASURED_WHEN_WAITED_FOR : MEASURED_EVERY;
    this.heldSince = 0;
    if (count % every !== 0) return;
    this.heldSince = microsecondNow();
    this.#heldAs = lookedAtAs();
  }

  /**
   * Called by who is about to free it, while somebody looks. Returns since when it was held, for `noteHeld` to tell of once
   * it is free, because whoever waits for it would wait for that; 0: it is not measured.
   *
   * @param looked - `levels()`
   * @internal
   */
  noteFree(looked: number): number {
    if ((looked & HOLDS) !== 0) tellHoldEnds(this);
    const since = this.heldSince;
    if (since === 0) return 0;
    this.heldSince = 0;
    return this.#heldAs === lookedAtAs() ? since : 0;
  }

  /** @internal */
  noteHeld(since: number): void {
    // Of 32 bits, unsigned.
    heldFor(contended(this), ((microsecondNow() - since) >>> 0) / 1000);
  }

  /** Called by a waiter that was overtaken too long: until it has taken, the others yield to its thread. @internal */
  requestTurn(): void {
    const turn = load(this.cells, TURN);
    if (turn !== 0 && (load(this.cells, WORD) & TURN_ASKED) !== 0) return;
    if (compareExchange(this.cells, TURN, turn, getIdent()) === turn) or(this.cells, WORD, TURN_ASKED);
  }

  /** The first look of a wait: it may go before nobody of the `ahead` that queue in this thread. @internal */
  takeFirst(ahead: number, mayBarge: boolean): boolean {
    if (ahead > 0) return false;
    if (this.tryTake(mayBarge) === true) return true;
    this.checkOwner();
    return false;
  }

  /** true, or false when it is not free (now, or within the timeout). @internal */
  begin(
    timeout: number,
    signal: AbortSignal | undefined,
    settle: Settle<boolean>,
  ): Unsubscribable | undefined {
    this.#attempt ??= new AcquireAttempt(this);
    return beginWait(this, this.#attempt, timeout, signal, settle);
  }

  /** Blocks until it is taken. @internal */
  takeBlocking(timeout: number, cancellable: boolean): boolean {
    const traced = tracing();
    if (traced) emit('acquire', this.name);
    const taken =
      this.takeFirst(0, timeout === 0) ||
      (timeout > 0 && waitBlocking<boolean>(this, new AcquireAttempt(this), timeout, cancellable));
    if (traced && taken) emit('acquired', this.name);
    return taken;
  }

  /** @internal */
  protected acquireAsWait(options: AcquireOptions | undefined): Wait<boolean> {
    if (options === undefined) {
      this.#begin ??= (settle) => this.begin(Number.POSITIVE_INFINITY, undefined, settle);
      return new Wait(this.#begin);
    }
    const timeout = checkAcquire(options);
    const signal = checkSignal(options);
    return new Wait((settle) => this.begin(timeout, signal, settle));
  }

  /** @internal */
  protected acquireBlocking(options: AcquireSyncOptions | undefined): boolean {
    const timeout = checkAcquire(options);
    refuseSignal(options);
    return this.takeBlocking(timeout, true);
  }

  /**
   * Acquires and emits the Held, to be released by whoever has it. Unsubscribing before gives the place up; after, the Held
   * must still be released.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: RxJS's TimeoutError when `timeout` ms have
   * passed, the reason of `signal`, and OwnerDiedError of a Lock or RLock
   */
  hold(options?: WaitOptions): Wait<Held> {
    checkOptions(options);
    const timeout = checkTimeout(options?.timeout);
    const signal = checkSignal(options);
    return new Wait((settle) =>
      this.begin(timeout, signal, {
        resolve: (taken) => (taken ? settle.resolve(this.inHand()) : settle.reject(this.#late(timeout))),
        reject: (error) => settle.reject(error),
        get left() {
          return settle.left === true;
        },
      }),
    );
  }

  /**
   * Acquires, blocking the thread, and gives the Held.
   *
   * @throws TypeError, RangeError for bad options; RxJS's TimeoutError when `timeout` ms have passed; OwnerDiedError of a
   * Lock or RLock
   */
  holdSync(options?: WaitSyncOptions): Held {
    const timeout = checkWaitSync(options);
    if (!this.takeBlocking(timeout, true)) throw this.#late(timeout);
    return this.inHand();
  }

  #late(timeout: number): TimeoutError {
    return timedOut(`hold of ${this.name}`, timeout);
  }

  /** Its Held, for who has just taken it and is to release that. @internal */
  inHand(taken: Holdable = this): Held {
    noteFact(this.cells, HELD);
    return new Held(taken);
  }

  /** Wakes after a release: `sleepers` of the blocked ones, or all while one of them was promised the turn. @internal */
  protected wakeAfterRelease(flags: number, sleepers: number): void {
    if (flags === 0) {
      this.queue?.lookSoon();
      return;
    }
    noteWakeUp(this, 'release');
    this.wakeFlagged(flags, (flags & TURN_ASKED) !== 0 ? Number.POSITIVE_INFINITY : sleepers);
  }
}
