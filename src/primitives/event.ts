import type { Observable, Unsubscribable } from 'rxjs';
import type { Gate } from './gate.js';
import { FLAGS, SLEEPERS, VALUE, WORD } from './memory/layout.js';
import { type Cells, compareExchange, load, or } from './memory/word.js';
import {
  checkOptions,
  checkSignal,
  checkTimeout,
  checkWaitSync,
  type PrimitiveOptions,
  type WaitOptions,
  type WaitSyncOptions,
} from './options.js';
import { type Origin, Primitive } from './primitive.js';
import type { PrimitiveKind } from './threads/contention.js';
import { type BlockingAttempt, type Outcome, PENDING } from './waiting/attempt.js';
import { beginWait } from './waiting/begin-wait.js';
import { waitBlocking } from './waiting/blocking-wait.js';
import { noteWakeUp } from './waiting/noted-wait.js';
import { valueStream } from './waiting/state-stream.js';
import { emit, tracing } from './waiting/trace.js';
import { type Settle, Wait } from './waiting/wait.js';

/**
 * A flag that threads wait for. Not DOM's Event, which is a global of Node's: import it. Source: CPython,
 * `threading.Event`.
 *
 * @throws TypeError for bad options
 * @example
 * const ready = new Event();
 * ready.wait({ timeout: 1000 }).subscribe((set) => console.log(set ? 'ready' : 'gave up')); // prints ready
 * ready.set();
 */
export class Event extends Primitive implements Gate {
  // VALUE counts the changes: even is clear, odd is set.
  // even -set, any thread-> odd -clear, any thread-> even
  // Invariant: a waiter that began at an even value is free once it reads another, so set(); clear() frees all.

  #isSet: Observable<boolean> | undefined;

  constructor(options?: PrimitiveOptions) {
    super(options as Origin | undefined);
  }

  /** Odd while set; another after every change. For operators such as `awaitEvent`. */
  get generation(): number {
    return load(this.cells, WORD) & VALUE;
  }

  /** Whether it is set, at this moment. */
  isSet(): boolean {
    return (load(this.cells, WORD) & 1) === 1;
  }

  /**
   * Whether it is set, and every change, by any thread; bursts coalesce. Never completes. Unsubscribing ends only the
   * watching. Does not keep the process alive.
   */
  get isSet$(): Observable<boolean> {
    this.#isSet ??= valueStream(this, () => this.isSet());
    return this.#isSet;
  }

  /**
   * Sets it, and wakes every current waiter with true, even when clear() follows at once. The Observable waits of this thread emit
   * before it returns, as a Subject's do in `next`.
   */
  set(): void {
    if (tracing()) emit('set', this.name);
    noteWakeUp(this, 'set');
    this.#change(0);
    this.queue?.lookAtOnce();
  }

  /** Resets it: who waits from now on waits for the next `set`. */
  clear(): void {
    if (tracing()) emit('clear', this.name);
    this.#change(1);
  }

  /** One change on, if the value is even (0: clear) or odd (1: set), as `from` says. */
  #change(from: 0 | 1): void {
    for (;;) {
      const word = load(this.cells, WORD);
      if ((word & 1) !== from) return;
      if (compareExchange(this.cells, WORD, word, (word + 1) & VALUE) !== word) continue;
      this.wakeFlagged(word & FLAGS, Number.POSITIVE_INFINITY);
      return;
    }
  }

  /**
   * Emits true once it is set, or has been since, false when `timeout` ms have passed. Unsubscribing ends the wait and
   * costs nobody anything.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: the reason of `signal`
   */
  wait(options?: WaitOptions): Wait<boolean> {
    checkOptions(options);
    const timeout = checkTimeout(options?.timeout);
    const signal = checkSignal(options);
    return new Wait((settle) => this.beginAt(this.generation, timeout, signal, settle));
  }

  /** As `wait`, as if it had begun at that generation. For operators such as `awaitEvent`. */
  beginAt(
    generation: number,
    timeout: number,
    signal: AbortSignal | undefined,
    settle: Settle<boolean>,
  ): Unsubscribable | undefined {
    return beginWait(this, new EventAttempt(this, generation), timeout, signal, settle);
  }

  /**
   * Blocks the thread. true once it is set, or has been since, false when `timeout` ms have passed.
   *
   * @throws TypeError, RangeError for bad options; the reason when the thread is cancelled
   */
  waitSync(options?: WaitSyncOptions): boolean {
    const timeout = checkWaitSync(options);
    return waitBlocking<boolean>(this, new EventAttempt(this, this.generation), timeout);
  }

  /** @internal */
  override get primitiveKind(): PrimitiveKind {
    return 'Event';
  }

  /** Its state and name. */
  override toString(): string {
    return `<Event object '${this.name}' at #${this.id}: ${this.isSet() ? 'set' : 'unset'}>`;
  }
}

/** Waiting for the value to change from an even one. */
class EventAttempt implements BlockingAttempt<boolean> {
  readonly acquires = false;
  readonly inTurn = true;
  readonly cells: Cells;
  readonly cell = WORD;
  readonly #from: number;

  constructor(event: Event, generation: number) {
    this.cells = event.cells;
    this.#from = generation;
  }

  mark(): number {
    return or(this.cells, WORD, SLEEPERS) | SLEEPERS;
  }

  begin(): Outcome<boolean> {
    return this.poll();
  }

  poll(): Outcome<boolean> {
    const value = load(this.cells, WORD) & VALUE;
    return (value & 1) === 1 || value !== this.#from ? true : PENDING;
  }

  expire(): boolean {
    return this.poll() === true;
  }

  leave(): void {}

  owner(): null {
    return null;
  }
}
