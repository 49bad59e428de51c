import type { Observable, TeardownLogic } from 'rxjs';
import { BrokenBarrierError } from '../errors.js';
import { FLAGS, SLEEPERS, SLOTTED_WORDS, VALUE, WORD } from './memory/layout.js';
import { and, type Cells, compareExchange, load, or, store } from './memory/word.js';
import {
  checkCount,
  checkOptions,
  checkSignal,
  checkTimeout,
  type PrimitiveOptions,
  type WaitOptions,
  type WaitSyncOptions,
} from './options.js';
import { Primitive, Shared } from './primitive.js';
import { type PackedTarget, packTarget, type Target, unpackTargetSync } from './target.js';
import { getIdent } from './threads/current-ident.js';
import { isAlive } from './threads/liveness.js';
import { type BlockingAttempt, type Outcome, PENDING } from './waiting/attempt.js';
import { waitBlocking } from './waiting/blocking-wait.js';
import { LocalQueue } from './waiting/local-queue.js';
import { valueStream } from './waiting/state-stream.js';
import { emit, tellsWoken, tellWaitSync, tracing } from './waiting/trace.js';
import { type Settle, Wait } from './waiting/wait.js';
import { AFTER_SLOTS, allocateSlots, DONE, Slots, WAITING } from './waiting/waiter-list.js';

export interface BarrierOptions extends PrimitiveOptions {
  /**
   * Runs once, in the last thread to arrive, before anyone is let through. When it throws, that thread gets the error,
   * the others BrokenBarrierError.
   */
  action?: Target<readonly [], unknown>;
  /** Default for every wait, in ms. */
  timeout?: number;
}

const PARTIES = AFTER_SLOTS;
/** `ident` of the thread that runs the action. */
const ACTOR = AFTER_SLOTS + 1;
/** The outcome that all who wait are being told; 0: none. Who dies at it is followed by another, who goes on. */
const TELLING = AFTER_SLOTS + 2;

// VALUE, changed in the slots' section alone.
// FILLING -the last party, when there is an action-> ACTING -the same, having run it-> FILLING
// FILLING, ACTING -abort, a timeout, a failed action, a dead actor-> BROKEN -reset-> FILLING
// Invariant: while FILLING, fewer than PARTIES wait; while ACTING, nobody joins; while BROKEN, nobody waits.
const FILLING = 0;
const ACTING = 1;
const BROKEN = 2;

// A slot's outcome.
const REFUSED = DONE;
/** Let through; the index is what it exceeds this by. */
const PASSED = DONE + 1;

/** @internal */
export class SharedBarrier extends Shared {
  readonly slots: Cells;
  readonly timeout: number;
  readonly action: PackedTarget | undefined;

  constructor(name: string, cells: Cells, slots: Cells, timeout: number, action: PackedTarget | undefined) {
    super(name, cells);
    this.slots = slots;
    this.timeout = timeout;
    this.action = action;
  }
}

/**
 * Where a fixed number of threads wait for each other, again and again. Source: CPython, `threading.Barrier`.
 *
 * A wait that is unsubscribed, aborted or cancelled withdraws, as does one whose thread is killed: the others go on
 * waiting for their number. A timeout breaks the barrier for everybody.
 *
 * @example
 * const barrier = new Barrier(2, { timeout: 5000 });
 * const index = await barrier.wait(); // 0 or 1
 */
export class Barrier extends Primitive {
  /** @internal */
  readonly slots: Slots;
  /** What `toHandle` sends along. @internal */
  readonly action: Target<readonly [], unknown> | undefined;
  /** Default for every wait, in ms. @internal */
  readonly timeout: number;
  #nWaiting: Observable<number> | undefined;
  #broken: Observable<boolean> | undefined;

  /** @throws TypeError, RangeError unless `parties` is a whole number above 0; for bad options */
  constructor(parties: number, options?: BarrierOptions) {
    if (options instanceof SharedBarrier) {
      super(options, SLOTTED_WORDS);
      this.timeout = options.timeout;
      this.action = options.action as Target<readonly [], unknown> | undefined;
    } else {
      checkCount('parties', parties, 1, VALUE);
      checkOptions(options);
      const timeout = checkTimeout(options?.timeout);
      if (options?.action !== undefined && typeof options.action !== 'function') packTarget(options.action);
      super(options, SLOTTED_WORDS);
      this.timeout = timeout;
      this.action = options?.action;
      store(this.cells, PARTIES, parties);
    }
    const slots = options instanceof SharedBarrier ? options.slots : allocateSlots();
    this.slots = new Slots(this.cells, slots, () => this.#goOnTelling());
  }

  get parties(): number {
    return load(this.cells, PARTIES);
  }

  /** How many wait for the others. */
  get nWaiting(): number {
    return this.slots.countAlive();
  }

  /** How many wait for the others, and every change, by any thread; bursts coalesce. Does not keep the process alive. */
  get nWaiting$(): Observable<number> {
    this.#nWaiting ??= valueStream(this, () => this.nWaiting);
    return this.#nWaiting;
  }

  get broken(): boolean {
    return this.#state === BROKEN;
  }

  /** Whether it is broken, and every change, by any thread; bursts coalesce. Does not keep the process alive. */
  get broken$(): Observable<boolean> {
    this.#broken ??= valueStream(this, () => this.broken);
    return this.#broken;
  }

  override get waiting(): number {
    return this.nWaiting;
  }

  /**
   * Emits, when all parties have arrived, a number from 0 to parties - 1 that no other of them gets, in the order of
   * arrival. Unsubscribing withdraws.
   *
   * @throws BrokenBarrierError as the Observable's error: broken, or broken or reset meanwhile
   */
  wait(options?: WaitOptions): Wait<number> {
    checkOptions(options);
    const timeout = options?.timeout === undefined ? this.timeout : checkTimeout(options.timeout);
    const signal = checkSignal(options);
    return new Wait((settle) => this.#begin(timeout, signal, settle));
  }

  #begin(timeout: number, signal: AbortSignal | undefined, settle: Settle<number>): TeardownLogic {
    if (signal?.aborted) {
      settle.reject(signal.reason);
      return undefined;
    }
    if (tracing()) {
      emit('wait', this.name);
      settle = tellsWoken(this.name, settle);
    }
    const attempt = new BarrierAttempt(this);
    let outcome: Outcome<number>;
    try {
      outcome = attempt.poll();
      if (typeof outcome !== 'number' && timeout === 0) outcome = attempt.expire();
    } catch (error) {
      settle.reject(error);
      return undefined;
    }
    if (typeof outcome === 'number') {
      settle.resolve(outcome);
      return undefined;
    }
    this.queue ??= new LocalQueue(this);
    return this.queue.wait<number>(attempt, timeout, signal, settle);
  }

  /** Blocks the thread; see `wait`. */
  waitSync(options?: WaitSyncOptions): number {
    checkOptions(options);
    const timeout = options?.timeout === undefined ? this.timeout : checkTimeout(options.timeout);
    const attempt = new BarrierAttempt(this);
    return tellWaitSync(this.name, () => {
      const outcome = attempt.poll();
      return typeof outcome === 'number' ? outcome : waitBlocking<number>(this, attempt, timeout);
    });
  }

  /** Back to the empty state, whole again; who waits gets BrokenBarrierError. */
  reset(): void {
    this.#change(() => {
      this.#setState(FILLING);
      this.#tellAll(REFUSED);
    });
  }

  /** Breaks it: who waits, and whoever will until a reset, gets BrokenBarrierError. */
  abort(): void {
    this.#change(() => this.#break());
  }

  /** The next party: its slot to wait in, 0 to come again later, or -1 when it was the last. @internal */
  arrive(): number {
    return this.#change(() => {
      const state = this.#state;
      if (state === BROKEN) throw this.refused('is broken');
      if (state === ACTING) return this.#actorLives() ? 0 : this.#breakAndRefuse();
      if (!this.#othersAreHere()) return this.slots.append();
      if (this.action === undefined) this.#tellAll(PASSED);
      else {
        store(this.cells, ACTOR, getIdent());
        this.#setState(ACTING);
      }
      return -1;
    });
  }

  /** What the last party does: runs the action, and lets all through. @internal */
  act(): number {
    if (this.action !== undefined) {
      try {
        const { action } = this;
        if (typeof action === 'function') action();
        else unpackTargetSync(action)();
      } catch (error) {
        this.#change(() => this.#isActor() && this.#break());
        throw error;
      }
      this.#change(() => {
        if (!this.#isActor()) throw this.refused('was broken during its action');
        this.#tellAll(PASSED);
      });
    }
    return this.parties - 1;
  }

  /** What a slot has come to. @internal */
  outcome(slot: number): Outcome<number> {
    const state = this.slots.state(slot);
    if (state === WAITING) {
      if (this.slots.sweep(() => {})) this.#afterSweep();
      return PENDING;
    }
    this.slots.inside(() => this.slots.free(slot));
    if (state === REFUSED) throw this.refused('was broken or reset');
    return state - PASSED;
  }

  /** A party whose time is up breaks it, unless all have arrived. @internal */
  expire(slot: number): Outcome<number> {
    this.#change(() => {
      if (slot !== 0 && this.slots.state(slot) === WAITING && this.#state === FILLING) this.#break();
    });
    return slot === 0 ? PENDING : this.outcome(slot);
  }

  /** @internal */
  withdraw(slot: number): void {
    if (slot !== 0) this.#change(() => this.slots.free(slot));
  }

  refused(why: string): BrokenBarrierError {
    return new BrokenBarrierError(`${this.name} ${why}`);
  }

  /** In the section, then wakes whoever waits for a change. */
  #change<T>(change: () => T): T {
    try {
      return this.slots.inside(change);
    } finally {
      this.wakeFlagged(and(this.cells, WORD, ~FLAGS) & FLAGS, Number.POSITIVE_INFINITY);
    }
  }

  get #state(): number {
    return load(this.cells, WORD) & VALUE;
  }

  #setState(state: number): void {
    for (;;) {
      const word = load(this.cells, WORD);
      if (compareExchange(this.cells, WORD, word, (word & FLAGS) | state) === word) return;
    }
  }

  #othersAreHere(): boolean {
    const others = this.parties - 1;
    return this.slots.count >= others && this.slots.dropDead() >= others;
  }

  #isActor(): boolean {
    return this.#state === ACTING && load(this.cells, ACTOR) === getIdent();
  }

  #actorLives(): boolean {
    return isAlive(load(this.cells, ACTOR));
  }

  /** Withdrawn were the dead; the actor may be one of them. */
  #afterSweep(): void {
    this.#change(() => {
      if (this.#state === ACTING && !this.#actorLives()) this.#break();
    });
  }

  #break(): void {
    this.#setState(BROKEN);
    this.#tellAll(REFUSED);
  }

  #breakAndRefuse(): never {
    this.#break();
    throw this.refused('is broken: the thread that ran its action died');
  }

  #tellAll(outcome: typeof REFUSED | typeof PASSED): void {
    store(this.cells, TELLING, outcome);
    this.#goOnTelling();
  }

  #goOnTelling(): void {
    const outcome = this.#state === BROKEN ? REFUSED : load(this.cells, TELLING);
    if (outcome === 0) return;
    // All others of the parties wait: those told by one who died at it have the first indices.
    let index = this.parties - 1 - this.slots.count;
    for (let slot = this.slots.first(); slot !== 0; slot = this.slots.first()) {
      this.slots.settle(slot, outcome === REFUSED ? REFUSED : PASSED + index++);
    }
    // Only now is the action's round over: who dies before leaves it to whoever goes on here, not to another action.
    if (this.#state === ACTING) this.#setState(FILLING);
    store(this.cells, TELLING, 0);
  }

  override toString(): string {
    const state = this.broken ? 'broken' : `waiters=${this.nWaiting}/${this.parties}`;
    return `<Barrier object '${this.name}' at #${this.id}: ${state}>`;
  }
}

/** One party's wait: first to arrive, then in its slot. */
class BarrierAttempt implements BlockingAttempt<number> {
  readonly #barrier: Barrier;
  #slot = 0;

  constructor(barrier: Barrier) {
    this.#barrier = barrier;
  }

  get cells(): Cells {
    return this.#slot === 0 ? this.#barrier.cells : this.#barrier.slots.table;
  }

  get cell(): number {
    return this.#slot === 0 ? WORD : this.#barrier.slots.stateIndex(this.#slot);
  }

  mark(): number {
    return this.#slot === 0 ? or(this.#barrier.cells, WORD, SLEEPERS) | SLEEPERS : WAITING;
  }

  poll(): Outcome<number> {
    if (this.#slot !== 0) return this.#barrier.outcome(this.#slot);
    const slot = this.#barrier.arrive();
    if (slot === -1) return this.#barrier.act();
    this.#slot = slot;
    return PENDING;
  }

  expire(): Outcome<number> {
    return this.#barrier.expire(this.#slot);
  }

  leave(): void {
    this.#barrier.withdraw(this.#slot);
  }

  owner(): null {
    return null;
  }
}
