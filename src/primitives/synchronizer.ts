import { TimeoutError, type Unsubscribable } from 'rxjs';
import { Held, HeldGroup } from './held.js';
import { FLAGS, SLEEPERS, TURN, TURN_ASKED, VALUE, WATCHED, WORD } from './memory/layout.js';
import { type Cells, compareExchange, load, or, store } from './memory/word.js';
import {
  type AcquireOptions,
  type AcquireSyncOptions,
  checkAcquire,
  checkOptions,
  checkSignal,
  checkTimeout,
  type WaitOptions,
  type WaitSyncOptions,
} from './options.js';
import { Primitive } from './primitive.js';
import { getIdent } from './threads/current-ident.js';
import { type BlockingAttempt, type Outcome, PENDING, YIELDED } from './waiting/attempt.js';
import { waitBlocking } from './waiting/blocking-wait.js';
import { now } from './waiting/event-loop.js';
import { LocalQueue, YIELD_MS } from './waiting/local-queue.js';
import { emit, tellsWoken, tellWaitSync, tracing } from './waiting/trace.js';
import { type Begin, type Settle, Wait } from './waiting/wait.js';

/** ms after which a waiter that is overtaken again and again asks for its turn. */
const TURN_AFTER = 10;

/**
 * What can be acquired and released: the ground of Lock, RLock and Semaphore, which say what their VALUE means.
 *
 * WORD: VALUE free -take, any thread-> VALUE taken -release, whoever may-> VALUE free. Each move is one
 * compare-exchange that drops the flags of those it then wakes. A running thread may overtake those being woken.
 *
 * TURN_ASKED: a waiter that lost for TURN_AFTER ms puts its ident into TURN and sets the flag, which a release keeps.
 * Until it takes, the others let it go first, but at most YIELD_MS: it may be busy, or dead.
 *
 * Invariant: a release wakes whoever had set a flag before it; a blocked waiter sets SLEEPERS again before it takes or
 * gives up, for those that sleep behind it.
 */
export abstract class Synchronizer extends Primitive {
  /** Of the Helds in effect in this thread. @internal */
  helds: HeldGroup = new HeldGroup();
  /** What the queue's waits, of which only the first tries, have in common. */
  #attempt: AcquireAttempt | undefined;
  /** How all waits without options begin. */
  #begin: Begin<boolean> | undefined;

  /** VALUE when taken from this one, or -1 while that cannot be. */
  protected abstract valueAfterTake(value: number): number;

  /** Whoever holds it lets it go for a wait; its Helds, which this returns, are to be brought back. @internal */
  setHeldsAside(): HeldGroup {
    const { helds } = this;
    helds.setAside();
    this.helds = new HeldGroup();
    return helds;
  }

  /** Ends what a dead owner holds. @throws OwnerDiedError */
  protected checkOwner(): void {}

  abstract release(): void;

  /** Takes it if it is free and without flags, where that is one step; false says nothing. */
  protected takeFree(): boolean {
    return false;
  }

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
      if ((word & WATCHED) !== 0) this.wakeFlagged(WATCHED, 0);
      return true;
    }
  }

  /** Not to be overtaken any more. @internal */
  requestTurn(): void {
    const turn = load(this.cells, TURN);
    if (turn !== 0 && (load(this.cells, WORD) & TURN_ASKED) !== 0) return;
    if (compareExchange(this.cells, TURN, turn, getIdent()) === turn) or(this.cells, WORD, TURN_ASKED);
  }

  /** true, or false when it is not free (now, or within the timeout). @internal */
  begin(
    timeout: number,
    signal: AbortSignal | undefined,
    settle: Settle<boolean>,
  ): Unsubscribable | undefined {
    if (signal?.aborted) {
      settle.reject(signal.reason);
      return undefined;
    }
    const traced = tracing();
    if (traced) {
      emit('acquire', this.name);
      settle = this.#traced(settle);
    }
    let taken: boolean;
    try {
      taken = this.#tryNow(timeout > 0);
    } catch (error) {
      settle.reject(error);
      return undefined;
    }
    if (taken || timeout === 0) {
      settle.resolve(taken);
      return undefined;
    }
    if (traced) {
      emit('wait', this.name);
      settle = tellsWoken(this.name, settle);
    }
    this.queue ??= new LocalQueue(this);
    this.#attempt ??= new AcquireAttempt(this);
    return this.queue.wait(this.#attempt, timeout, signal, settle);
  }

  /** Without waiting, and when it may come to a wait, behind those that wait already. */
  #tryNow(queues: boolean): boolean {
    if (queues && this.queue !== undefined && this.queue.size > 0) return false;
    if (this.takeFree() || this.tryTake(!queues) === true) return true;
    this.checkOwner();
    return false;
  }

  /** Blocks until it is taken. @internal */
  takeBlocking(timeout: number, cancellable: boolean): boolean {
    const traced = tracing();
    if (traced) emit('acquire', this.name);
    let taken = this.tryTake(timeout === 0) === true;
    if (!taken) this.checkOwner();
    if (!taken && timeout > 0) {
      const taking = new AcquireAttempt(this);
      taken = tellWaitSync(this.name, () => waitBlocking<boolean>(this, taking, timeout, cancellable));
    }
    if (traced && taken) emit('acquired', this.name);
    return taken;
  }

  /** @internal */
  pollOwner(): void {
    this.checkOwner();
  }

  protected acquireAsWait(options: AcquireOptions | undefined): Wait<boolean> {
    if (options === undefined) {
      this.#begin ??= (settle) => this.begin(Number.POSITIVE_INFINITY, undefined, settle);
      return new Wait(this.#begin);
    }
    const timeout = checkAcquire(options);
    const signal = checkSignal(options);
    return new Wait((settle) => this.begin(timeout, signal, settle));
  }

  protected acquireBlocking(options: AcquireSyncOptions | undefined): boolean {
    return this.takeBlocking(checkAcquire(options), true);
  }

  /**
   * Acquires and emits the Held. Unsubscribing before gives the place up; after, the Held must still be released.
   *
   * @throws TimeoutError (RxJS's) as the Observable's error, when `timeout` ms have passed
   */
  hold(options?: WaitOptions): Wait<Held> {
    checkOptions(options);
    const timeout = checkTimeout(options?.timeout);
    const signal = checkSignal(options);
    return new Wait((settle) =>
      this.begin(timeout, signal, {
        resolve: (taken) => (taken ? settle.resolve(new Held(this)) : settle.reject(new TimeoutError())),
        reject: (error) => settle.reject(error),
      }),
    );
  }

  /** Acquires, blocking the thread. @throws TimeoutError (RxJS's) when `timeout` ms have passed */
  holdSync(options?: WaitSyncOptions): Held {
    checkOptions(options);
    if (!this.takeBlocking(checkTimeout(options?.timeout), true)) throw new TimeoutError();
    return new Held(this);
  }

  #traced(settle: Settle<boolean>): Settle<boolean> {
    return {
      resolve: (taken) => {
        if (taken) emit('acquired', this.name);
        settle.resolve(taken);
      },
      reject: (error) => settle.reject(error),
    };
  }
}

/** Waiting to take a Synchronizer. */
class AcquireAttempt implements BlockingAttempt<boolean> {
  readonly #of: Synchronizer;
  /** When this was first in vain, since it last succeeded. */
  #since = 0;
  #yieldsUntil = 0;

  constructor(of: Synchronizer) {
    this.#of = of;
  }

  get cells(): Cells {
    return this.#of.cells;
  }

  get cell(): number {
    return WORD;
  }

  mark(): number {
    return or(this.#of.cells, WORD, SLEEPERS) | SLEEPERS;
  }

  poll(): Outcome<boolean> {
    let outcome = this.#of.tryTake(false);
    if (outcome === YIELDED) outcome = this.#bargeIfIgnored();
    else this.#yieldsUntil = 0;
    if (outcome === true) this.#since = 0;
    if (outcome !== PENDING) return outcome;
    this.#of.pollOwner();
    const time = now();
    if (this.#since === 0) this.#since = time;
    else if (time - this.#since >= TURN_AFTER) this.#of.requestTurn();
    return PENDING;
  }

  /** It is free, but another's turn: goes first all the same when that one lets it lie. */
  #bargeIfIgnored(): Outcome<true> {
    const time = now();
    if (this.#yieldsUntil === 0) this.#yieldsUntil = time + YIELD_MS;
    return time >= this.#yieldsUntil ? this.#of.tryTake(true) : YIELDED;
  }

  expire(): false {
    return false;
  }

  leave(): void {}

  owner(): number | null {
    return this.#of.owner;
  }
}
