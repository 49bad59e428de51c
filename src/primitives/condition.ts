import type { Acquirable } from './acquirable.js';
import { ofAnotherCopy } from './brand.js';
import { ConditionAttempt, ConditionWaiters, NotifiedWait } from './condition-waiters.js';
import type { Held } from './held.js';
import { Lock } from './lock.js';
import { SLOTTED_WORDS } from './memory/layout.js';
import type { Cells } from './memory/word.js';
import {
  type AcquireOptions,
  type AcquireSyncOptions,
  checkCount,
  checkOptions,
  checkSignal,
  checkTimeout,
  checkWaitSync,
  type PrimitiveOptions,
  show,
  type WaitOptions,
  type WaitSyncOptions,
} from './options.js';
import { type Origin, Primitive, Shared } from './primitive.js';
import { RLock } from './rlock.js';
import type { PrimitiveKind } from './threads/contention.js';
import { waitBlocking } from './waiting/blocking-wait.js';
import { now } from './waiting/event-loop.js';
import { noteWakeUp } from './waiting/noted-wait.js';
import { emit, tracing } from './waiting/trace.js';
import { type Settle, Wait } from './waiting/wait.js';
import type { Slots } from './waiting/waiter-list.js';

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
 * @param lock - default: a new RLock
 * @throws TypeError unless `lock` is a Lock or an RLock; for bad options
 * @example
 * const [condition, queue] = [new Condition(), new Array<string>()];
 * const taking = async () => {
 *   await using held = await condition.hold();
 *   await condition.waitFor(() => queue.length > 0);
 *   console.log(queue.shift()); // prints bread
 * };
 * const putting = async () => {
 *   await using held = await condition.hold();
 *   queue.push('bread');
 *   condition.notify();
 * };
 * await Promise.all([taking(), putting()]);
 */
export class Condition extends Primitive implements Acquirable {
  /** The lock that guards what is waited for. */
  readonly lock: Lock | RLock;
  readonly #waiters: ConditionWaiters;

  constructor(lock?: Lock | RLock, options?: PrimitiveOptions) {
    if (lock !== undefined && !(lock instanceof Lock || lock instanceof RLock)) {
      throw new TypeError(`lock must be a Lock or an RLock, got ${show(lock)}${ofAnotherCopy(lock)}`);
    }
    super(options as Origin | undefined, SLOTTED_WORDS);
    this.lock = lock ?? new RLock();
    const slots = options instanceof SharedCondition ? options.slots : undefined;
    this.#waiters = new ConditionWaiters(this, slots);
  }

  /** @internal */
  get slots(): Slots {
    return this.#waiters.slots;
  }

  /** Acquires its lock: true, or false when `blocking: false` or `timeout` (ms) gave up. Unsubscribing gives the place up. */
  acquire(options?: AcquireOptions): Wait<boolean> {
    return this.lock.acquire(options);
  }

  /** The same, blocking the thread. */
  acquireSync(options?: AcquireSyncOptions): boolean {
    return this.lock.acquireSync(options);
  }

  /** Releases its lock. @throws ThreadError when it is not held */
  release(): void {
    this.lock.release();
  }

  /** Acquires its lock and emits the Held; RxJS's TimeoutError after `timeout` ms. Unsubscribing gives the place up. */
  hold(options?: WaitOptions): Wait<Held> {
    return this.lock.hold(options);
  }

  /** The same, blocking the thread. */
  holdSync(options?: WaitSyncOptions): Held {
    return this.lock.holdSync(options);
  }

  /** Whether any thread has its lock, at this moment. */
  locked(): boolean {
    return this.lock.locked();
  }

  /** Lets those of this thread go on that may, before it returns: those notified first, because they queue for the lock. @internal */
  serve(): void {
    this.queue?.lookAtOnce();
    this.lock.queue?.lookAtOnce();
  }

  /** How many, of all threads, wait to be notified, at this moment. */
  override get waiting(): number {
    return this.slots.countAlive();
  }

  /**
   * Emits true when notified, false when `timeout` ms have passed; the lock, which it lets go meanwhile, however deep
   * it is held, is held again either way, and also when `signal` aborts. Unsubscribing does not take the lock again:
   * a Held of it then has nothing to release, and a notification already given goes to the next waiter.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: ThreadError when the lock is not held, the
   * reason of `signal`, OwnerDiedError
   */
  wait(options?: WaitOptions): Wait<boolean> {
    const { timeout, signal } = checkWait(options);
    return new Wait((settle) => this.#notifiedWait(settle).begin(this, timeout, signal));
  }

  #notifiedWait(settle: Settle<boolean>): NotifiedWait {
    return new NotifiedWait(this.lock, new ConditionAttempt(this.#waiters), settle);
  }

  /**
   * Blocks the thread: true when notified, false when `timeout` ms have passed; the lock is held again either way.
   *
   * @throws TypeError, RangeError for bad options; ThreadError when the lock is not held; OwnerDiedError; the reason when
   * the thread is cancelled
   */
  waitSync(options?: WaitSyncOptions): boolean {
    const timeout = checkWaitSync(options);
    const attempt = new ConditionAttempt(this.#waiters);
    let notified = false;
    try {
      notified = waitBlocking<boolean>(this, attempt, timeout);
    } finally {
      if (attempt.begun) this.#lockAgain(attempt, notified);
    }
    return notified;
  }

  #lockAgain(attempt: ConditionAttempt, notified: boolean): void {
    try {
      this.lock.takeBlocking(Number.POSITIVE_INFINITY, false);
      attempt.restore();
    } finally {
      // Also when the lock's owner died: then there is no lock to wait for, and the slot is not needed.
      if (notified) attempt.end();
    }
  }

  /**
   * Waits until the predicate, called with the lock held, returns something truthy, and emits that; or its last value
   * once `timeout` ms have passed, which wake-ups do not restart. Unsubscribing: as for `wait`.
   *
   * @throws as `wait`, and what the predicate throws, as the Observable's error
   */
  waitFor<T>(predicate: () => T, options?: WaitOptions): Wait<T> {
    checkPredicate(predicate);
    const { timeout, signal } = checkWait(options);
    return new Wait((settle) => {
      const deadline = now() + timeout;
      let stage: NotifiedWait | undefined;
      /** What has taken the lock again for the predicate, as long as that runs; and the lock, when it was left meanwhile. */
      let looking: NotifiedWait | undefined;
      let over: readonly Held[] = [];
      let left = false;
      let told = false;
      const tell = (end: () => void): void => {
        told = true;
        end();
      };
      const decide = (): void => {
        let value: T;
        try {
          value = predicate();
        } catch (error) {
          if (!left) tell(() => settle.reject(error));
          return;
        }
        const ms = deadline - now();
        if (left) return;
        if (value || ms <= 0) {
          tell(() => settle.resolve(value));
          return;
        }
        const again = this.#notifiedWait({
          resolve: () => look(again),
          reject: (error) => tell(() => settle.reject(error)),
          get left() {
            return left || settle.left === true;
          },
        });
        stage = again;
        again.begin(this, ms, signal);
      };
      /** @param wait - the one that has just taken the lock again; undefined: the caller has it */
      const look = (wait?: NotifiedWait): void => {
        looking = wait;
        decide();
        looking = undefined;
        for (const held of over) held.release();
      };
      look();
      return () => {
        left = true;
        stage?.unsubscribe();
        if (!told) over = looking?.takeOver() ?? over;
      };
    });
  }

  /**
   * The same, blocking the thread: the predicate's first truthy value, or its last once `timeout` ms have passed.
   *
   * @throws as `waitSync`, and what the predicate throws
   */
  waitForSync<T>(predicate: () => T, options?: WaitSyncOptions): T {
    checkPredicate(predicate);
    const timeout = checkWaitSync(options);
    const deadline = now() + timeout;
    for (;;) {
      const value = predicate();
      const left = deadline - now();
      if (value || left <= 0) return value;
      this.waitSync(left === Number.POSITIVE_INFINITY ? {} : { timeout: left });
    }
  }

  /**
   * Wakes exactly min(n, waiting) of those waiting now, longest first. They have the lock once the caller releases it.
   *
   * @param n - default 1
   * @throws ThreadError when the lock is not held; TypeError, RangeError unless `n` is a whole number of 0 or more
   */
  notify(n: number = 1): void {
    checkCount('n', n, 0, Number.MAX_SAFE_INTEGER);
    this.#waiters.checkOwned('notify');
    if (tracing()) emit('notify', this.name, n);
    noteWakeUp(this, 'notify');
    this.#waiters.notify(n);
  }

  /** Wakes all that wait now. @throws ThreadError when the lock is not held */
  notifyAll(): void {
    this.notify(Number.MAX_SAFE_INTEGER);
  }

  /** @internal */
  override get primitiveKind(): PrimitiveKind {
    return 'Condition';
  }

  /** Its lock, and how many wait. */
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
