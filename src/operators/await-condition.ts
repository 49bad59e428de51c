import {
  ignoreElements,
  type MonoTypeOperatorFunction,
  Observable,
  of,
  type Subscriber,
  Subscription,
  TimeoutError,
} from 'rxjs';
import { Condition } from '../primitives/condition.js';
import { checkOptions, checkTimeout, show } from '../primitives/options.js';
import { currentScope, runIn, type Scope } from '../primitives/waiting/section-scope.js';
import { attach } from './parts/attached.js';
import { Fifo } from './parts/fifo.js';
import { QueueTimeout } from './parts/queue-timeout.js';
import { withValue } from './parts/value-error.js';
import { withLock } from './with-lock.js';

export interface AwaitConditionOptions {
  /** Longest wait of one value, from its arrival, in ms of RxJS's time; then RxJS's TimeoutError. */
  timeout?: number;
}

/**
 * Each value waits, in order, until `predicate`, called with the condition's lock held, returns something truthy for it;
 * it is looked at again whenever the condition is notified. The value is emitted once the lock has been released. The
 * source's completion waits for those that wait; its error does not.
 *
 * Unsubscribing drops what waits; a notification already given goes to the next waiter.
 *
 * @throws TypeError, RangeError at the call, for bad arguments. As the Observable's error: what the predicate throws,
 * OwnerDiedError and TimeoutError, whose `cause` tells the value and its index
 * @example
 * orders.pipe(awaitCondition(stock, (order) => shelf.has(order.item)))
 */
export function awaitCondition<T>(
  condition: Condition,
  predicate: (value: T) => boolean,
  options?: AwaitConditionOptions,
): MonoTypeOperatorFunction<T> {
  if (!(condition instanceof Condition))
    throw new TypeError(`condition must be a Condition, got ${show(condition)}`);
  if (typeof predicate !== 'function')
    throw new TypeError(`predicate must be a function, got ${show(predicate)}`);
  checkOptions(options);
  const timeout = checkTimeout(options?.timeout);
  return (source) =>
    new Observable((subscriber) => new Checkpoint(subscriber, condition, predicate, timeout).run(source));
}

interface Waiting<T> {
  readonly value: T;
  readonly index: number;
  readonly due: number;
}

/** One subscription's values, of which the first is being decided on. */
class Checkpoint<T> {
  readonly #subscriber: Subscriber<T>;
  readonly #condition: Condition;
  readonly #predicate: (value: T) => boolean;
  readonly #scope: Scope | undefined = currentScope();
  readonly #parts = new Subscription();
  /** The one that is being decided on among them, first. */
  readonly #waiting = new Fifo<Waiting<T>>();
  readonly #timeout: QueueTimeout<Waiting<T>>;
  #deciding = false;
  #serving = false;
  #count = 0;
  #sourceEnded = false;

  constructor(
    subscriber: Subscriber<T>,
    condition: Condition,
    predicate: (value: T) => boolean,
    timeout: number,
  ) {
    this.#subscriber = subscriber;
    this.#condition = condition;
    this.#predicate = predicate;
    this.#timeout = new QueueTimeout(
      timeout,
      () => this.#waiting.peek(),
      (first) => this.#fail(withValue(new TimeoutError(), first.index, first.value)),
    );
  }

  run(source: Observable<T>): void {
    this.#parts.add(() => {
      this.#waiting.clear();
      this.#timeout.stop();
    });
    this.#subscriber.add(this.#parts);
    attach(source, this.#parts, {
      next: (value) => this.#arrive(value),
      error: (error) => this.#fail(error),
      complete: () => {
        this.#sourceEnded = true;
        this.#serve();
      },
    });
  }

  #arrive(value: T): void {
    this.#waiting.push({ value, index: this.#count++, due: this.#timeout.due() });
    this.#serve();
  }

  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    for (
      let first = this.#waiting.peek();
      first !== undefined && !this.#deciding;
      first = this.#waiting.peek()
    ) {
      this.#decide(first);
    }
    this.#serving = false;
    if (this.#parts.closed) return;
    this.#timeout.watch();
    if (this.#sourceEnded && this.#waiting.size === 0) this.#subscriber.complete();
  }

  #decide({ value, index }: Waiting<T>): void {
    this.#deciding = true;
    const holds = this.#condition.waitFor(() => this.#predicate(value)).pipe(ignoreElements());
    const section = of(value).pipe(withLock(this.#condition, () => holds));
    const observer = {
      next: () => {},
      error: (error: unknown) => this.#fail(withValue(error, index, value)),
      complete: () => this.#pass(value),
    };
    runIn(this.#scope, () => attach<never>(section, this.#parts, observer));
  }

  /** The lock has been released. */
  #pass(value: T): void {
    this.#deciding = false;
    this.#waiting.shift();
    this.#subscriber.next(value);
    this.#serve();
  }

  #fail(error: unknown): void {
    this.#parts.unsubscribe();
    this.#subscriber.error(error);
  }
}
