import { inspect } from 'node:util';
import { config, Observable, type Subscriber, type TeardownLogic } from 'rxjs';
import { setUnheard } from './unheard.js';

setUnheard((error) => {
  const { onUnhandledError } = config;
  // Not typed so, but RxJS takes undefined for none, too.
  if (!onUnhandledError) throw error;
  onUnhandledError(error);
});

/** Where a wait ends: exactly one of the two is called, once. */
export interface Settle<T> {
  /** Emits the value and completes. */
  resolve(value: T): void;
  /** Ends with the error. */
  reject(error: unknown): void;
  /** Nobody is there to be told: who had subscribed has left. */
  readonly left?: boolean | undefined;
}

/** Starts a wait. Returns how to leave it, or nothing when it has ended already. */
export type Begin<T> = (settle: Settle<T>) => TeardownLogic;

/**
 * A cold, single-valued Observable that can also be awaited. Subscribing (or awaiting) starts the wait, each time
 * anew; it emits once and completes. A pending one keeps the process alive, as a timer does. Unsubscribing gives the place
 * up at once: what had been granted goes on to the next waiter. What `pipe` makes of it is an Observable that cannot be
 * awaited: ask RxJS's `firstValueFrom`. Source: RxJS, Observable; the waits of CPython's `threading` only block.
 *
 * @param begin - for a lock of your own: starts a wait, and returns how to leave it; what it throws ends the wait
 * @throws TypeError unless it is a function
 * @example
 * const lock = new Lock();
 * const wait = lock.acquire({ timeout: 100 });
 * console.log(await wait); // prints true
 * wait.subscribe((acquired) => console.log(acquired)); // prints false
 */
export class Wait<T> extends Observable<T> implements PromiseLike<T> {
  /**
   * RxJS calls it with the Wait as `this`. One for all Waits, because a closure each would show in every acquire.
   *
   * RxJS subscribes for who has left, too: combineLatest and forkJoin do, when a source before this one fails at once. Then
   * nothing begins, because nobody could give back what would be taken.
   */
  static readonly #subscribed = function (this: Observable<unknown>, subscriber: Subscriber<unknown>) {
    return subscriber.closed ? undefined : (this as Wait<unknown>).#begin(new Emission(subscriber));
  };

  readonly #begin: Begin<T>;

  constructor(begin: Begin<T>) {
    if (typeof begin !== 'function')
      throw new TypeError(`begin must be a function, got ${inspect(begin, { depth: 0 })}`);
    super(Wait.#subscribed);
    this.#begin = begin;
  }

  /** Starts the wait, as `await` does. It cannot be left then, but for what its `signal` and `timeout` say. */
  // biome-ignore lint/suspicious/noThenProperty: a wait is awaited like any promise
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    // biome-ignore lint/suspicious/noExplicitAny: as PromiseLike has it, so that a handler may name the error's type
    rejected?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const end = new PromisedEnd<T>();
    try {
      this.#begin(end);
    } catch (error) {
      // As of an Observable that throws as it is subscribed to.
      end.reject(error);
    }
    return end.promise().then(fulfilled, rejected);
  }
}

/** The end of a wait that was subscribed to. */
class Emission<T> implements Settle<T> {
  readonly #subscriber: Subscriber<T>;

  constructor(subscriber: Subscriber<T>) {
    this.#subscriber = subscriber;
  }

  get left(): boolean {
    return this.#subscriber.closed;
  }

  resolve(value: T): void {
    if (!this.left) this.#subscriber.next(value);
    // `take(1)` and firstValueFrom leave as they get it.
    if (!this.left) this.#subscriber.complete();
  }

  reject(error: unknown): void {
    if (!this.left) this.#subscriber.error(error);
  }
}

/** Ends that most waits have, ready to be awaited. */
const readyTrue = Promise.resolve<unknown>(true);
const readyFalse = Promise.resolve<unknown>(false);

type Resolve = (value: unknown) => void;

/**
 * The end of a wait that is awaited. A free acquire makes no promise of its own: what has ended before `promise` is asked
 * for is one of those above. A pending wait's handlers are reactions of a promise, never called inside whatever settles
 * the wait, and in the AsyncLocalStorage context of whoever called `then`.
 */
class PromisedEnd<T> implements Settle<T> {
  #ended: Promise<unknown> | undefined = undefined;
  // Of a pending wait.
  #resolve: Resolve | undefined = undefined;
  #reject: Resolve | undefined = undefined;

  promise(): Promise<T> {
    this.#ended ??= new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    return this.#ended as Promise<T>;
  }

  resolve(value: unknown): void {
    if (this.#resolve !== undefined) this.#resolve(value);
    else this.#ended ??= value === true ? readyTrue : value === false ? readyFalse : Promise.resolve(value);
  }

  reject(error: unknown): void {
    if (this.#reject !== undefined) this.#reject(error);
    else this.#ended ??= Promise.reject(error);
  }
}
