import {
  ignoreElements,
  type MonoTypeOperatorFunction,
  Observable,
  of,
  type Subscribable,
  type Subscriber,
} from 'rxjs';
import type { Hold } from '../primitives/acquirable.js';
import { isBranded, ofAnotherCopy } from '../primitives/brand.js';
import { Condition } from '../primitives/condition.js';
import type { Notifiable } from '../primitives/notifiable.js';
import { checkOptions, checkTimeout, show } from '../primitives/options.js';
import { currentScope, runIn, type Scope } from '../primitives/waiting/section-scope.js';
import { attach } from './parts/attached.js';
import { withValue } from './parts/value-error.js';
import { ValueQueue, type WaitingValue } from './parts/value-queue.js';
import { withLock } from './with-lock.js';

/** How long `awaitCondition` lets a value wait. */
export interface AwaitConditionOptions {
  /** Longest wait of one value, from its arrival, in ms of RxJS's time; then RxJS's TimeoutError. Default: for ever. */
  timeout?: number | undefined;
}

/**
 * Each value waits, in order, until `predicate`, called with the condition's lock held, returns something truthy for it;
 * it is looked at again whenever the condition is notified. The value is emitted once the lock has been released. The
 * source's completion waits for those that wait; its error does not.
 *
 * Unsubscribing drops what waits; a notification already given goes to the next waiter. Source: CPython,
 * `threading.Condition.wait_for`.
 *
 * @throws TypeError, RangeError at the call, for bad arguments. As the Observable's error: what the predicate throws,
 * OwnerDiedError and TimeoutError, whose `cause` tells the value and its index
 * @example
 * const [stock, shelf] = [new Condition(), new Set(['bread'])];
 * of('bread', 'milk')
 *   .pipe(awaitCondition(stock, (item) => shelf.has(item)))
 *   .subscribe((item) => console.log(item)); // prints bread, then milk
 * using held = stock.holdSync();
 * shelf.add('milk');
 * stock.notifyAll();
 */
export function awaitCondition<T>(
  condition: Condition,
  predicate: (value: T) => boolean,
  options?: AwaitConditionOptions,
): MonoTypeOperatorFunction<T>;
/**
 * The same on a condition of several machines, or of your own. Unsubscribing drops what waits. Source: CPython,
 * `threading.Condition.wait_for`.
 */
export function awaitCondition<T>(
  condition: Notifiable,
  predicate: (value: T) => boolean,
  options?: AwaitConditionOptions,
): MonoTypeOperatorFunction<T>;
export function awaitCondition<T>(
  condition: Condition | Notifiable,
  predicate: (value: T) => boolean,
  options?: AwaitConditionOptions,
): MonoTypeOperatorFunction<T> {
  if (!isNotifiable(condition))
    throw new TypeError(`condition must be a Condition, got ${show(condition)}${ofAnotherCopy(condition)}`);
  if (typeof predicate !== 'function')
    throw new TypeError(`predicate must be a function, got ${show(predicate)}`);
  checkOptions(options, ['timeout']);
  const timeout = checkTimeout(options?.timeout);
  return (source) =>
    new Observable((subscriber) => new Checkpoint(subscriber, condition, predicate, timeout).run(source));
}

function isNotifiable(condition: unknown): condition is Condition | Notifiable {
  // One of another copy has a `wait` of other arguments than a Notifiable's.
  if (condition instanceof Condition || isBranded(condition)) return condition instanceof Condition;
  const { hold, wait } = (condition ?? {}) as Partial<Notifiable>;
  return typeof hold === 'function' && typeof wait === 'function';
}

/** Completes once the predicate, called with the lock held, has returned something truthy and the lock is released. */
function until(condition: Condition | Notifiable, predicate: () => boolean): Observable<never> {
  if (!(condition instanceof Condition)) return untilNotified(condition, predicate);
  const holds = condition.waitFor(predicate).pipe(ignoreElements());
  return of(undefined).pipe(withLock(condition, () => holds));
}

/** The same for a condition that hands out another hold each time it was notified. */
function untilNotified(condition: Notifiable, predicate: () => boolean): Observable<never> {
  return new Observable((subscriber) => {
    let held: Hold | undefined;
    let deaf: (() => void) | undefined;
    /** What is in hand is let go of by whoever gets it. */
    const handOver = (): Hold | undefined => {
      deaf?.();
      const over = held;
      held = deaf = undefined;
      return over;
    };
    const fail = (error: unknown): void => {
      handOver()?.release();
      subscriber.error(error);
    };
    const look = (hold: Hold | false): void => {
      if (hold === false) {
        wait(condition.hold());
        return;
      }
      held = hold;
      deaf = hold.onLost?.(fail);
      if (subscriber.closed) return;
      let holds: boolean;
      try {
        holds = predicate();
      } catch (error) {
        fail(error);
        return;
      }
      const over = handOver();
      if (over === undefined) return;
      if (holds) {
        over.release();
        subscriber.complete();
      } else wait(condition.wait(over));
    };
    const wait = (next: Subscribable<Hold | false>): void => {
      subscriber.add(next.subscribe({ next: look, error: fail }));
    };
    subscriber.add(() => handOver()?.release());
    wait(condition.hold());
  });
}

/**
 * One subscription's values, of which the first is being decided on: its wait of the condition runs.
 * Invariant: while a value waits, the first is being decided on, or `#serve` is on the stack.
 */
class Checkpoint<T> extends ValueQueue<T, T> {
  readonly #condition: Condition | Notifiable;
  readonly #predicate: (value: T) => boolean;
  readonly #scope: Scope | undefined = currentScope();
  #deciding = false;
  #serving = false;

  constructor(
    subscriber: Subscriber<T>,
    condition: Condition | Notifiable,
    predicate: (value: T) => boolean,
    timeout: number,
  ) {
    super(subscriber, timeout);
    this.#condition = condition;
    this.#predicate = predicate;
  }

  protected override arrive(value: T, index: number): void {
    this.waiting.push({ value, index, due: this.timeout.due() });
    this.#serve();
  }

  /** Decides on what can be decided now; what arrives meanwhile is seen to by the loop. */
  #serve(): void {
    if (this.#serving || this.emitting) return;
    this.#serving = true;
    while (!this.#deciding) {
      const first = this.waiting.peek();
      if (first === undefined) break;
      this.#decide(first);
    }
    this.#serving = false;
    if (this.parts.closed) return;
    this.timeout.watch();
    this.completeIfDone();
  }

  /** The loop of `#serve` completes once it has seen to all. */
  protected override get busy(): boolean {
    return this.#serving;
  }

  protected override timedOut(first: WaitingValue<T>): void {
    // The event loop may have been blocked since the condition was notified.
    if (this.#condition instanceof Condition) this.#condition.serve();
    if (this.waiting.peek() === first) super.timedOut(first);
  }

  #decide({ value, index }: WaitingValue<T>): void {
    this.#deciding = true;
    const section = until(this.#condition, () => this.#predicate(value));
    const observer = {
      next: () => {},
      error: (error: unknown) => this.fail(withValue(error, index, value)),
      complete: () => this.context.run(() => this.#pass(value)),
    };
    runIn(this.#scope, () => attach<never>(section, this.parts, observer));
  }

  /** Called when the condition holds for the value and the lock has been released. */
  #pass(value: T): void {
    this.#deciding = false;
    this.waiting.shift();
    this.emit(value);
    this.#serve();
  }
}
