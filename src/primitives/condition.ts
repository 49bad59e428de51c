import { Subscription, type TeardownLogic } from 'rxjs';
import { ThreadError } from '../errors.js';
import type { Acquirable } from './acquirable.js';
import type { Held } from './held.js';
import { Lock } from './lock.js';
import { FLAGS, SLOTTED_WORDS, WORD } from './memory/layout.js';
import { and, type Cells } from './memory/word.js';
import {
  type AcquireOptions,
  type AcquireSyncOptions,
  checkCount,
  checkOptions,
  checkSignal,
  checkTimeout,
  type PrimitiveOptions,
  show,
  type WaitOptions,
  type WaitSyncOptions,
} from './options.js';
import { type Origin, Primitive, Shared } from './primitive.js';
import { RLock } from './rlock.js';
import { type BlockingAttempt, type Outcome, PENDING } from './waiting/attempt.js';
import { waitBlocking } from './waiting/blocking-wait.js';
import { now } from './waiting/event-loop.js';
import { LocalQueue } from './waiting/local-queue.js';
import { emit, tellsWoken, tracing } from './waiting/trace.js';
import { type Settle, Wait } from './waiting/wait.js';
import { allocateSlots, DONE, Slots, WAITING } from './waiting/waiter-list.js';

const NOTIFIED = DONE;

/** @internal */
export class SharedCondition extends Shared {
  readonly slots: Cells;

  constructor(name: string, cells: Cells, slots: Cells) {
    super(name, cells);
    this.slots = slots;
  }
}

/**
 * Waiting for a change of what a lock guards: `wait` lets the lock go, sleeps until notified and takes the lock again.
 * Waiting and notifying need the lock held by the caller. Source: CPython, `threading.Condition`.
 *
 * A thread killed after it was notified passes that on to the next.
 *
 * @example
 * using held = await condition.hold();
 * await condition.waitFor(() => queue.length > 0);
 */
export class Condition extends Primitive implements Acquirable {
  readonly lock: Lock | RLock;
  /** @internal */
  readonly slots: Slots;

  /** @throws TypeError unless `lock` is a Lock or an RLock; default: a new RLock */
  constructor(lock?: Lock | RLock, options?: PrimitiveOptions) {
    if (lock !== undefined && !(lock instanceof Lock || lock instanceof RLock)) {
      throw new TypeError(`lock must be a Lock or an RLock, got ${show(lock)}`);
    }
    super(options as Origin | undefined, SLOTTED_WORDS);
    this.lock = lock ?? new RLock();
    this.slots = new Slots(this.cells, options instanceof SharedCondition ? options.slots : allocateSlots());
  }

  /** The lock's. */
  acquire(options?: AcquireOptions): Wait<boolean> {
    return this.lock.acquire(options);
  }

  /** The lock's. */
  acquireSync(options?: AcquireSyncOptions): boolean {
    return this.lock.acquireSync(options);
  }

  /** The lock's. */
  release(): void {
    this.lock.release();
  }

  /** The lock's. */
  hold(options?: WaitOptions): Wait<Held> {
    return this.lock.hold(options);
  }

  /** The lock's. */
  holdSync(options?: WaitSyncOptions): Held {
    return this.lock.holdSync(options);
  }

  /** The lock's. */
  locked(): boolean {
    return this.lock.locked();
  }

  /** How many, of all threads, wait to be notified. */
  override get waiting(): number {
    return this.slots.countAlive();
  }

  /**
   * Emits true when notified, false when `timeout` ms have passed; the lock, which it lets go meanwhile, however deep
   * it is held, is held again either way, and also when `signal` aborts. Unsubscribing does not take the lock again:
   * a Held of it then has nothing to release, and a notification already given goes to the next waiter.
   *
   * @throws ThreadError as the Observable's error, when the lock is not held
   */
  wait(options?: WaitOptions): Wait<boolean> {
    const { timeout, signal } = checkWait(options);
    return new Wait((settle) => this.#begin(timeout, signal, settle));
  }

  #begin(timeout: number, signal: AbortSignal | undefined, settle: Settle<boolean>): TeardownLogic {
    if (signal?.aborted) {
      settle.reject(signal.reason);
      return undefined;
    }
    const { holder } = this.lock;
    let attempt: ConditionAttempt;
    let depth: number;
    try {
      [attempt, depth] = this.#letGo();
    } catch (error) {
      settle.reject(error);
      return undefined;
    }
    const helds = this.lock.setHeldsAside();
    let notified = false;
    let ended = false;
    const end = (tell: () => void): void => {
      ended = true;
      if (notified) attempt.end();
      tell();
    };
    const stages = new Subscription();
    const lockAgain = (tell: () => void): void => {
      const resolve = (): void => {
        this.lock.restore(depth, holder as undefined, helds);
        end(tell);
        helds.releaseDeferred();
      };
      const reject = (error: unknown): void => end(() => settle.reject(error));
      stages.add(this.lock.begin(Number.POSITIVE_INFINITY, undefined, { resolve, reject }));
    };
    const resolve = (outcome: boolean): void => {
      notified = outcome;
      lockAgain(() => settle.resolve(outcome));
    };
    const reject = (error: unknown): void => lockAgain(() => settle.reject(error));
    const woken = { resolve, reject };
    this.queue ??= new LocalQueue(this);
    stages.add(
      this.queue.wait<boolean>(attempt, timeout, signal, tracing() ? tellsWoken(this.name, woken) : woken),
    );
    return () => {
      if (ended) return;
      ended = true;
      stages.unsubscribe();
      if (notified) attempt.leave();
    };
  }

  /** Blocks the thread: true when notified, false when `timeout` ms have passed; see `wait`. */
  waitSync(options?: WaitSyncOptions): boolean {
    const { timeout } = checkWait(options);
    const { holder } = this.lock;
    const [attempt, depth] = this.#letGo();
    const helds = this.lock.setHeldsAside();
    let notified = false;
    try {
      notified = waitBlocking<boolean>(this, attempt, timeout);
    } finally {
      if (tracing()) emit('woken', this.name);
      try {
        this.lock.takeBlocking(Number.POSITIVE_INFINITY, false);
        this.lock.restore(depth, holder as undefined, helds);
      } finally {
        // Also when the lock's owner died: then there is no lock to wait for, and the slot is not needed.
        if (notified) attempt.end();
      }
    }
    return notified;
  }

  /** Takes a place and releases the lock; returns how deep it was held. */
  #letGo(): [attempt: ConditionAttempt, depth: number] {
    this.#checkOwned('wait on');
    if (tracing()) emit('wait', this.name);
    const attempt = new ConditionAttempt(
      this,
      this.slots.inside(() => this.slots.append()),
    );
    try {
      return [attempt, this.lock.releaseAll()];
    } catch (error) {
      // Any thread may release a Lock, and one just has.
      attempt.leave();
      throw error;
    }
  }

  /**
   * Waits until the predicate, called with the lock held, returns something truthy, and emits that; or its last value
   * once `timeout` ms have passed, which wake-ups do not restart. Unsubscribing: as for `wait`.
   */
  waitFor<T>(predicate: () => T, options?: WaitOptions): Wait<T> {
    checkPredicate(predicate);
    const { timeout, signal } = checkWait(options);
    return new Wait((settle) => {
      const deadline = now() + timeout;
      let stage = new Subscription();
      let gone = false;
      const look = (): void => {
        let value: T;
        try {
          value = predicate();
        } catch (error) {
          settle.reject(error);
          return;
        }
        const left = deadline - now();
        if (value || left <= 0) settle.resolve(value);
        else if (!gone) {
          stage = new Subscription();
          stage.add(this.#begin(left, signal, { resolve: look, reject: (error) => settle.reject(error) }));
        }
      };
      look();
      return () => {
        gone = true;
        stage.unsubscribe();
      };
    });
  }

  /** Blocks the thread; see `waitFor`. */
  waitForSync<T>(predicate: () => T, options?: WaitSyncOptions): T {
    checkPredicate(predicate);
    const { timeout } = checkWait(options);
    const deadline = now() + timeout;
    for (;;) {
      const value = predicate();
      const left = deadline - now();
      if (value || left <= 0) return value;
      this.waitSync(left === Number.POSITIVE_INFINITY ? {} : { timeout: left });
    }
  }

  /**
   * Wakes exactly min(n, waiting) of those waiting now, longest first.
   *
   * @throws ThreadError when the lock is not held; RangeError when `n` is negative
   */
  notify(n: number = 1): void {
    checkCount('n', n, 0, Number.MAX_SAFE_INTEGER);
    this.#checkOwned('notify');
    if (tracing()) emit('notify', this.name, n);
    this.#notify(n);
  }

  notifyAll(): void {
    this.notify(Number.MAX_SAFE_INTEGER);
  }

  #notify(n: number): void {
    this.slots.inside(() => {
      for (let left = n; left > 0; left--) {
        const slot = this.slots.firstAlive();
        if (slot === 0) break;
        this.slots.settle(slot, NOTIFIED);
      }
    });
    this.wakeFlagged(and(this.cells, WORD, ~FLAGS) & FLAGS, 0);
  }

  #checkOwned(what: string): void {
    if (this.lock.isOwned()) return;
    throw new ThreadError(`cannot ${what} ${this.name}: its ${this.lock.name} is not held`, {
      code: 'ERR_NOT_OWNER',
    });
  }

  /** A notification that its waiter does not need. @internal */
  passOn(): void {
    this.#notify(1);
  }

  override toString(): string {
    return `<Condition(${this.lock}, ${this.waiting})>`;
  }
}

function checkWait(options: WaitOptions | undefined): { timeout: number; signal: AbortSignal | undefined } {
  checkOptions(options);
  return { timeout: checkTimeout(options?.timeout), signal: checkSignal(options) };
}

function checkPredicate(predicate: unknown): void {
  if (typeof predicate !== 'function')
    throw new TypeError(`predicate must be a function, got ${show(predicate)}`);
}

/** Waiting in a slot to be notified. */
class ConditionAttempt implements BlockingAttempt<boolean> {
  readonly #condition: Condition;
  readonly #slot: number;

  constructor(condition: Condition, slot: number) {
    this.#condition = condition;
    this.#slot = slot;
  }

  get cells(): Cells {
    return this.#condition.slots.table;
  }

  get cell(): number {
    return this.#condition.slots.stateIndex(this.#slot);
  }

  mark(): number {
    return WAITING;
  }

  poll(): Outcome<boolean> {
    const { slots } = this.#condition;
    if (slots.state(this.#slot) !== WAITING) return true;
    let lost = 0;
    slots.sweep(() => lost++);
    for (; lost > 0; lost--) this.#condition.passOn();
    return PENDING;
  }

  /** Notified after all, if that came first. */
  expire(): boolean {
    const { slots } = this.#condition;
    return slots.inside(() => {
      if (slots.state(this.#slot) !== WAITING) return true;
      slots.free(this.#slot);
      return false;
    });
  }

  leave(): void {
    if (!this.expire()) return;
    this.end();
    this.#condition.passOn();
  }

  /** Once notified and the lock held again: until then the notification of one who dies goes to the next. */
  end(): void {
    this.#condition.slots.inside(() => this.#condition.slots.free(this.#slot));
  }

  owner(): null {
    return null;
  }
}
