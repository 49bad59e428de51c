import { type Observable, type Observer, type Subscriber, Subscription } from 'rxjs';
import { apart } from '../../primitives/waiting/unheard.js';

/**
 * An observer that is its own subscription. RxJS subscribes such a one as it is, without one of its own around it, so a
 * source that emits endlessly while it is being subscribed to can be cut; and it costs less.
 *
 * What a source may call is bound to the observer: another library, such as RxJS 6, calls it on an object that it has
 * made from the observer, or on none.
 */
export abstract class Attached<T> extends Subscription implements Observer<T> {
  #stopped = false;

  constructor() {
    super();
    this.unsubscribe = () => super.unsubscribe();
  }

  /**
   * Subscribes for as long as `owner` lives, once. `ended` runs last, when the source has been torn down, however.
   */
  attach(source: Observable<T>, owner: Subscription): void {
    owner.add(this);
    if (!this.closed) this.#subscribeTo(source);
    if (this.closed) this.ended();
    else this.add(() => this.ended());
  }

  #subscribeTo(source: Observable<T>): void {
    try {
      const subscribed = source.subscribe(this);
      // RxJS returns what it was given.
      if (subscribed !== this) this.add(subscribed);
    } catch (error) {
      // RxJS throws what the teardown of a source throws that has ended within its own subscription.
      this.unsubscribe();
      this.onThrown(error);
    }
  }

  readonly next = (value: T): void => {
    if (!this.#stopped && !this.closed) this.onNext(value);
  };

  readonly error = (error: unknown): void => {
    if (this.#stopped || this.closed) return;
    this.#stopped = true;
    try {
      this.onError(error);
    } finally {
      this.unsubscribe();
    }
  };

  readonly complete = (): void => {
    if (this.#stopped || this.closed) return;
    this.#stopped = true;
    try {
      this.onComplete();
    } finally {
      this.unsubscribe();
    }
  };

  protected abstract onNext(value: T): void;
  protected abstract onError(error: unknown): void;
  protected abstract onComplete(): void;
  protected ended(): void {}

  /** What `subscribe` has thrown. Default: it goes on to who subscribes here. */
  protected onThrown(error: unknown): void {
    throw error;
  }
}

/**
 * Before the subscriber is told of an error, or a lock is released: what a teardown throws would keep both from happening,
 * see `apart`.
 */
export function tearDown(parts: Subscription): void {
  apart(() => parts.unsubscribe());
}

/** What a Subscriber of the user's own throws is told apart, because who emits is about to emit what comes behind the value. */
export function emitTo<T>(subscriber: Subscriber<T>, value: T): void {
  try {
    subscriber.next(value);
  } catch (error) {
    apart(() => {
      throw error;
    });
  }
}

/** Subscribes `observer` for as long as `owner` lives; a source that emits endlessly meanwhile is cut when that ends. */
export function attach<T>(source: Observable<T>, owner: Subscription, observer: Observer<T>): void {
  new Listener(observer).attach(source, owner);
}

class Listener<T> extends Attached<T> {
  readonly #observer: Observer<T>;

  constructor(observer: Observer<T>) {
    super();
    this.#observer = observer;
  }

  protected override onNext(value: T): void {
    this.#observer.next(value);
  }

  protected override onError(error: unknown): void {
    this.#observer.error(error);
  }

  protected override onComplete(): void {
    this.#observer.complete();
  }
}
