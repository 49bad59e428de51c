import { Observable, type Subscriber, type TeardownLogic } from 'rxjs';
import { soon } from './event-loop.js';

/** Where a wait ends: exactly one of the two is called, once. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Starts a wait. Returns how to leave it, or nothing when it has ended already. */
export type Begin<T> = (settle: Settle<T>) => TeardownLogic;

type Handler<V, R> = ((value: V) => R | PromiseLike<R>) | null | undefined;

/**
 * A cold, single-valued Observable that can also be awaited. Subscribing (or awaiting) starts the wait, each time
 * anew; it emits once and completes. Unsubscribing gives the place up at once: what had been granted goes on to the
 * next waiter.
 *
 * @example
 * if (await lock.acquire({ timeout: 100 })) lock.release();
 */
export class Wait<T> extends Observable<T> implements PromiseLike<T> {
  /** RxJS calls it with the Wait as `this`. One for all Waits, because a closure each would show in every acquire. */
  static readonly #subscribed = function (this: Observable<unknown>, subscriber: Subscriber<unknown>) {
    return (this as Wait<unknown>).#begin(new Emission(subscriber));
  };

  readonly #begin: Begin<T>;

  constructor(begin: Begin<T>) {
    super(Wait.#subscribed);
    this.#begin = begin;
  }

  // biome-ignore lint/suspicious/noThenProperty: a wait is awaited like any promise
  then<A = T, B = never>(fulfilled?: Handler<T, A>, rejected?: Handler<unknown, B>): Promise<A | B> {
    const continuation = new Continuation<T>();
    this.#begin(continuation);
    return continuation.then(fulfilled, rejected);
  }
}

/** The end of a wait that was subscribed to. */
class Emission<T> implements Settle<T> {
  readonly #subscriber: Subscriber<T>;

  constructor(subscriber: Subscriber<T>) {
    this.#subscriber = subscriber;
  }

  resolve(value: T): void {
    this.#subscriber.next(value);
    this.#subscriber.complete();
  }

  reject(error: unknown): void {
    this.#subscriber.error(error);
  }
}

/** Results that most waits have, ready to be awaited. */
const readyTrue = Promise.resolve(true);
const readyFalse = Promise.resolve(false);

function ready(result: unknown): Promise<unknown> {
  return result === true ? readyTrue : result === false ? readyFalse : Promise.resolve(result);
}

type Resolve = (value: unknown) => void;

/** What the executor of a new promise got, so that none has to be made for each. */
let resolveLatest: Resolve;
let rejectLatest: Resolve;
const executor = (resolve: Resolve, reject: Resolve): void => {
  resolveLatest = resolve;
  rejectLatest = reject;
};

const STARTING = 0;
const WAITING = 1;
const RESOLVED = 2;
const REJECTED = 3;

/** The end of a wait that is awaited: one promise, made when it is known whether there is anything to wait for. */
class Continuation<T> implements Settle<T> {
  #state = STARTING;
  /** Once RESOLVED or REJECTED. */
  #result: unknown = undefined;
  // While WAITING.
  #fulfilled: Handler<T, unknown> = undefined;
  #rejected: Handler<unknown, unknown> = undefined;
  #resolve: Resolve | undefined = undefined;
  #reject: Resolve | undefined = undefined;

  // biome-ignore lint/suspicious/noThenProperty: made for Wait's
  then<A, B>(fulfilled: Handler<T, A>, rejected: Handler<unknown, B>): Promise<A | B> {
    if (this.#state === RESOLVED)
      return ready(this.#result).then(fulfilled as Handler<unknown, A>, rejected) as Promise<A | B>;
    if (this.#state === REJECTED) return Promise.reject(this.#result).then(fulfilled as null, rejected);
    this.#state = WAITING;
    this.#fulfilled = fulfilled;
    this.#rejected = rejected;
    const promise = new Promise<unknown>(executor);
    this.#resolve = resolveLatest;
    this.#reject = rejectLatest;
    return promise as Promise<A | B>;
  }

  resolve(value: T): void {
    // Never inside whatever settles it: an Event's `set` does so at once.
    if (this.#state === WAITING) soon(() => this.#continue(this.#fulfilled, value, this.#resolve));
    else this.#end(RESOLVED, value);
  }

  reject(error: unknown): void {
    if (this.#state === WAITING) soon(() => this.#continue(this.#rejected, error, this.#reject));
    else this.#end(REJECTED, error);
  }

  #end(state: typeof RESOLVED | typeof REJECTED, result: unknown): void {
    this.#state = state;
    this.#result = result;
  }

  #continue<V>(handler: Handler<V, unknown>, value: V, otherwise: Resolve | undefined): void {
    if (typeof handler !== 'function') {
      otherwise?.(value);
      return;
    }
    try {
      this.#resolve?.(handler(value));
    } catch (error) {
      this.#reject?.(error);
    }
  }
}
