import type { Unsubscribable } from 'rxjs';
import { ThreadError } from '../errors.js';
import type { Held, HeldGroup } from './held.js';
import type { Lock } from './lock.js';
import { FLAGS, WORD } from './memory/layout.js';
import { and, type Cells, load, store } from './memory/word.js';
import type { RLock } from './rlock.js';
import { type BlockingAttempt, type Outcome, PENDING } from './waiting/attempt.js';
import { beginWait, type Queued } from './waiting/begin-wait.js';
import type { Settle } from './waiting/wait.js';
import { AFTER_SLOTS, DONE, EMPTY, Slots, WAITING } from './waiting/waiter-list.js';

const NOTIFIED = DONE;

/**
 * The slot that gives its notification up, 0: none; and the one that gets it, 0: nobody waits. Whoever dies at that is
 * followed by another, who goes on.
 */
const FROM = AFTER_SLOTS;
const TO = AFTER_SLOTS + 1;

/** What the waiters need of their Condition. */
export interface Notifier {
  readonly name: string;
  readonly cells: Cells;
  readonly lock: Lock | RLock;
  wakeFlagged(flags: number, sleepers: number): void;
}

/**
 * Those of all threads that wait to be notified, longest first.
 *
 * A slot: EMPTY -wait, with the lock held-> WAITING -notify-> NOTIFIED -its waiter, holding the lock again-> EMPTY;
 * WAITING -timeout, left, dead-> EMPTY; NOTIFIED -left, dead-> EMPTY, and in the same section the next is notified.
 * Invariant: a notification given ends in one wait that goes on with the lock, as long as anybody waits.
 */
export class ConditionWaiters {
  readonly slots: Slots;
  readonly #of: Notifier;

  /** @param slots - of a Condition that was made before */
  constructor(of: Notifier, slots: Cells | undefined) {
    this.#of = of;
    const recover = (): void => this.#goOnPassing();
    this.slots = slots === undefined ? Slots.fresh(of.cells, recover) : new Slots(of.cells, slots, recover);
  }

  get lock(): Lock | RLock {
    return this.#of.lock;
  }

  /** @throws ThreadError */
  checkOwned(what: string): void {
    const { name, lock } = this.#of;
    if (lock.isOwned()) return;
    throw new ThreadError(`cannot ${what} ${name}: its ${lock.name} is not held`, { code: 'ERR_NOT_OWNER' });
  }

  notify(n: number): void {
    this.slots.inside(() => {
      for (let left = n; left > 0; left--) {
        const slot = this.slots.firstAlive();
        if (slot === 0) break;
        this.slots.settle(slot, NOTIFIED);
      }
    });
    this.#wakeAgents();
  }

  /** A waiter goes without having had what it waited for. */
  leave(slot: number): void {
    let passed = false;
    this.slots.inside(() => {
      if (this.slots.state(slot) === WAITING) this.slots.free(slot);
      else passed = this.#passOn(slot);
    });
    if (passed) this.#wakeAgents();
  }

  /** Looks for the dead, now and then: what they were told goes to the next. */
  sweep(): void {
    let passed = false;
    this.slots.sweep((slot, state) => {
      if (state === WAITING) this.slots.free(slot);
      else if (this.#passOn(slot)) passed = true;
    });
    if (passed) this.#wakeAgents();
  }

  /** Frees a slot that was notified, and notifies the next. false: nobody waits. Inside. */
  #passOn(slot: number): boolean {
    const { cells } = this.#of;
    const next = this.slots.firstAlive();
    store(cells, TO, next);
    // From here on it is to be done, by whomever.
    store(cells, FROM, slot);
    this.#goOnPassing();
    return next !== 0;
  }

  #goOnPassing(): void {
    const { cells } = this.#of;
    const from = load(cells, FROM);
    if (from === 0) return;
    const to = load(cells, TO);
    if (to !== 0 && this.slots.state(to) === WAITING) this.slots.settle(to, NOTIFIED);
    if (this.slots.state(from) !== EMPTY) this.slots.free(from);
    store(cells, FROM, 0);
  }

  #wakeAgents(): void {
    this.#of.wakeFlagged(and(this.#of.cells, WORD, ~FLAGS) & FLAGS, 0);
  }
}

/** Lets the lock go and waits in a slot to be notified. Taking the lock again is the Condition's. */
export class ConditionAttempt implements BlockingAttempt<boolean> {
  readonly acquires = false;
  readonly inTurn = true;
  readonly #waiters: ConditionWaiters;
  /** 0 until it begins. */
  #slot = 0;
  // How the lock was held.
  #depth = 0;
  #holder: object | undefined;
  #helds: HeldGroup | undefined;

  constructor(waiters: ConditionWaiters) {
    this.#waiters = waiters;
  }

  get cells(): Cells {
    return this.#waiters.slots.table;
  }

  get cell(): number {
    return this.#waiters.slots.stateIndex(this.#slot);
  }

  mark(): number {
    return WAITING;
  }

  /** Whether the lock was let go: it is to be taken again however the wait ends. */
  get begun(): boolean {
    return this.#helds !== undefined;
  }

  /** Takes a slot, then releases the lock. @throws ThreadError when it is not held */
  begin(): Outcome<boolean> {
    const { slots, lock } = this.#waiters;
    this.#waiters.checkOwned('wait on');
    this.#slot = slots.inside(() => slots.append());
    this.#holder = lock.holder;
    // Before the lock is let go, because a trace function is told of that, and may release a Held.
    const helds = lock.setHeldsAside();
    try {
      this.#depth = lock.releaseAll();
    } catch (error) {
      // A plain Lock can be released by any thread, so it may be free by now: give the slot back.
      lock.takeBack(helds);
      this.leave();
      throw error;
    }
    this.#helds = helds;
    return PENDING;
  }

  poll(): Outcome<boolean> {
    const { slots } = this.#waiters;
    if (slots.state(this.#slot) !== WAITING) return true;
    this.#waiters.sweep();
    return PENDING;
  }

  /** Notified after all, if that came first. */
  expire(): boolean {
    const { slots } = this.#waiters;
    return slots.inside(() => {
      if (slots.state(this.#slot) !== WAITING) return true;
      slots.free(this.#slot);
      return false;
    });
  }

  leave(): void {
    this.#waiters.leave(this.#slot);
  }

  /** The lock is taken again: it is held as before. */
  restore(): HeldGroup {
    const helds = this.#helds as HeldGroup;
    this.#waiters.lock.restore(this.#depth, this.#holder as undefined, helds);
    return helds;
  }

  /**
   * Undoes `restore`: its Helds have nothing to release. Returns what has its levels, to be released in their place; nothing
   * when another wait has let the lock go meanwhile, which sees to that when it is over.
   */
  takeOver(): readonly Held[] {
    const { lock } = this.#waiters;
    const helds = this.#helds as HeldGroup;
    if (helds.isAside) return [];
    helds.voidEarlier();
    return Array.from({ length: this.#depth }, () => lock.inHand());
  }

  /** Called once notified and the lock held again: until then the notification of one who dies goes to the next. */
  end(): void {
    const { slots } = this.#waiters;
    slots.inside(() => slots.free(this.#slot));
  }

  owner(): null {
    return null;
  }
}

/** An Observable wait for a notification, which ends once it has the lock again. */
export class NotifiedWait implements Settle<boolean>, Unsubscribable {
  readonly #lock: Lock | RLock;
  readonly #attempt: ConditionAttempt;
  readonly #settle: Settle<boolean>;
  /** The wait for the notification, then that for the lock. */
  #stage: Unsubscribable | undefined;
  #notified = false;
  #ended = false;

  constructor(lock: Lock | RLock, attempt: ConditionAttempt, settle: Settle<boolean>) {
    this.#lock = lock;
    this.#attempt = attempt;
    this.#settle = settle;
  }

  begin(on: Queued, timeout: number, signal: AbortSignal | undefined): this {
    const stage = beginWait(on, this.#attempt, timeout, signal, this);
    // It may wait for the lock by now.
    if (this.#stage === undefined) this.#enter(stage);
    return this;
  }

  /** A trace function that is told of the stage's begin may have had it leave: then nobody else leaves that stage. */
  #enter(stage: Unsubscribable | undefined): void {
    if (this.#ended) stage?.unsubscribe();
    else this.#stage = stage;
  }

  get left(): boolean {
    return this.#ended || this.#settle.left === true;
  }

  resolve(notified: boolean): void {
    this.#notified = notified;
    // A trace function that is told of the end may have had it leave.
    if (this.left) {
      this.#ended = true;
      if (notified) this.#attempt.leave();
      return;
    }
    this.#lockAgain(() => this.#settle.resolve(notified));
  }

  reject(error: unknown): void {
    if (!this.#attempt.begun) this.#settle.reject(error);
    // Who leaves may have its signal abort by that.
    else if (this.left) this.#ended = true;
    else this.#lockAgain(() => this.#settle.reject(error));
  }

  #lockAgain(tell: () => void): void {
    const wait = this;
    const stage = this.#lock.begin(Number.POSITIVE_INFINITY, undefined, {
      get left() {
        return wait.left;
      },
      resolve: () => {
        const helds = this.#attempt.restore();
        try {
          this.#end(tell);
        } finally {
          helds.releaseDeferred();
        }
      },
      reject: (error) => this.#end(() => this.#settle.reject(error)),
    });
    this.#enter(stage);
  }

  #end(tell: () => void): void {
    this.#ended = true;
    if (this.#notified) this.#attempt.end();
    tell();
  }

  /** Called as a `waitFor` is left from within its predicate, which has the lock until it returns. See ConditionAttempt. */
  takeOver(): readonly Held[] {
    return this.#attempt.takeOver();
  }

  unsubscribe(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stage?.unsubscribe();
    if (this.#notified) this.#attempt.leave();
  }
}
