import { Observable } from 'rxjs';

/** Where a wait ends: exactly one of the two, once. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Starts a wait. Returns how to leave it, or nothing when it has ended already. */
export type Begin<T> = (settle: Settle<T>) => (() => void) | undefined;

/**
 * A cold, single-valued Observable that can also be awaited. Subscribing (or awaiting) starts the wait, each time
 * anew; it emits once and completes. Unsubscribing gives the place up at once: what had been granted goes on to the
 * next waiter.
 *
 * @example
 * if (await lock.acquire({ timeout: 100 })) lock.release();
 */
export class Wait<T> extends Observable<T> implements PromiseLike<T> {
  readonly #begin: Begin<T>;

  constructor(begin: Begin<T>) {
    super((subscriber) =>
      begin({
        resolve: (value) => {
          subscriber.next(value);
          subscriber.complete();
        },
        reject: (error) => subscriber.error(error),
      }),
    );
    this.#begin = begin;
  }

  // biome-ignore lint/suspicious/noThenProperty: a wait is awaited like any promise
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return new Promise<T>((resolve, reject) => {
      this.#begin({ resolve, reject });
    }).then(fulfilled, rejected);
  }
}
