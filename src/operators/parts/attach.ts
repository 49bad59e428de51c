import type { Observable, Observer, Subscription } from 'rxjs';
import { Attached } from './attached.js';

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
