import type { Observable } from 'rxjs';
import { BarrierAttempt, BarrierRounds } from './barrier-rounds.js';
import type { Meeting } from './meeting.js';
import { SLOTTED_WORDS, VALUE } from './memory/layout.js';
import type { Cells } from './memory/word.js';
import {
  checkCount,
  checkOptions,
  checkSignal,
  checkTimeout,
  checkWaitSync,
  type PrimitiveOptions,
  type WaitOptions,
  type WaitSyncOptions,
} from './options.js';
import { Primitive, Shared } from './primitive.js';
import { type PackedTarget, packTarget, type Target, unpackTargetSync } from './target.js';
import type { PrimitiveKind } from './threads/contention.js';
import { beginWait } from './waiting/begin-wait.js';
import { waitBlocking } from './waiting/blocking-wait.js';
import { valueStream } from './waiting/state-stream.js';
import { Wait } from './waiting/wait.js';
import type { Slots } from './waiting/waiter-list.js';

/** What a Barrier takes beside its number of parties. */
export interface BarrierOptions extends PrimitiveOptions {
  /**
   * Runs once, in the last thread to arrive, before anyone is let through. When it throws, that thread gets the error,
   * the others BrokenBarrierError.
   */
  action?: Target<readonly [], unknown> | undefined;
  /** Of every wait that is given none, in ms. Default: wait for ever. */
  timeout?: number | undefined;
}

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
 * @param parties - how many have to arrive
 * @throws TypeError, RangeError unless `parties` is a whole number above 0; for bad options
 * @example
 * const barrier = new Barrier(2, { timeout: 5000 });
 * const arrive = (barrier: Barrier) => barrier.waitSync();
 * const thread = new Thread({ target: arrive, args: [barrier] }).start();
 * const [here, there] = [await barrier.wait(), await thread.result()];
 * console.log(here + there); // prints 1
 */
export class Barrier extends Primitive implements Meeting {
  readonly #rounds: BarrierRounds;
  /** What `toHandle` sends along. @internal */
  readonly action: Target<readonly [], unknown> | undefined;
  /** Default for every wait, in ms. @internal */
  readonly timeout: number;
  #nWaiting: Observable<number> | undefined;
  #broken: Observable<boolean> | undefined;

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
    }
    this.#rounds = new BarrierRounds(this, options instanceof SharedBarrier ? options.slots : undefined);
    if (!(options instanceof SharedBarrier)) this.#rounds.parties = parties;
  }

  /** @internal */
  get slots(): Slots {
    return this.#rounds.slots;
  }

  /** Lets those of this thread through that may pass, before it returns. For operators such as `barrierZip`. */
  serve(): void {
    this.queue?.lookAtOnce();
  }

  /** Called in the thread that arrives last. @internal */
  runAction(): void {
    const { action } = this;
    if (typeof action === 'function') action();
    else if (action !== undefined) unpackTargetSync(action)();
  }

  /** How many have to arrive. */
  get parties(): number {
    return this.#rounds.parties;
  }

  /** How many wait for the others, at this moment. */
  get nWaiting(): number {
    return this.slots.countAlive();
  }

  /**
   * How many wait for the others, and every change, by any thread; bursts coalesce. Never completes. Unsubscribing ends only
   * the watching. Does not keep the process alive.
   */
  get nWaiting$(): Observable<number> {
    this.#nWaiting ??= valueStream(this, () => this.nWaiting);
    return this.#nWaiting;
  }

  /** Whether it is broken: every wait is a BrokenBarrierError until `reset`. */
  get broken(): boolean {
    return this.#rounds.broken;
  }

  /**
   * Whether it is broken, and every change, by any thread; bursts coalesce. Never completes. Unsubscribing ends only the
   * watching. Does not keep the process alive.
   */
  get broken$(): Observable<boolean> {
    this.#broken ??= valueStream(this, () => this.broken);
    return this.#broken;
  }

  /** As `nWaiting`. */
  override get waiting(): number {
    return this.nWaiting;
  }

  /**
   * Emits, when all parties have arrived, a number from 0 to parties - 1 that no other of them gets, in the order of
   * arrival. Unsubscribing withdraws: the others wait for one more again.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: BrokenBarrierError when it is broken, or is
   * broken or reset meanwhile, or `timeout` ms have passed; what the action throws; the reason of `signal`
   */
  wait(options?: WaitOptions): Wait<number> {
    checkOptions(options);
    const timeout = options?.timeout === undefined ? this.timeout : checkTimeout(options.timeout);
    const signal = checkSignal(options);
    return new Wait((settle) =>
      beginWait(this, new BarrierAttempt(this.#rounds, this.cells, true), timeout, signal, settle),
    );
  }

  /**
   * The same, blocking the thread.
   *
   * @throws TypeError, RangeError for bad options; BrokenBarrierError as `wait`; what the action throws; the reason when
   * the thread is cancelled
   */
  waitSync(options?: WaitSyncOptions): number {
    const timeout = checkWaitSync(options, this.timeout);
    return waitBlocking<number>(this, new BarrierAttempt(this.#rounds, this.cells, false), timeout);
  }

  /** Back to the empty state, whole again; who waits gets BrokenBarrierError. */
  reset(): void {
    this.#rounds.reset();
  }

  /** Breaks it: who waits, and whoever will until a reset, gets BrokenBarrierError. */
  abort(): void {
    this.#rounds.abort();
  }

  /** @internal */
  override get primitiveKind(): PrimitiveKind {
    return 'Barrier';
  }

  /** Its state and name. */
  override toString(): string {
    const state = this.broken ? 'broken' : `waiters=${this.nWaiting}/${this.parties}`;
    return `<Barrier object '${this.name}' at #${this.id}: ${state}>`;
  }
}
