import type { Subscriber } from 'rxjs';

/** The subscribers of one state. Each is sent a value only when it differs from the last one sent to that subscriber. */
export class DistinctSubscribers<T> {
  readonly #same: (a: T, b: T) => boolean;
  /** The last value sent to each. */
  readonly #last = new Map<Subscriber<T>, T>();

  constructor(same: (a: T, b: T) => boolean) {
    this.#same = same;
  }

  get size(): number {
    return this.#last.size;
  }

  add(subscriber: Subscriber<T>, value: T): void {
    this.#last.set(subscriber, value);
    subscriber.next(value);
  }

  delete(subscriber: Subscriber<T>): void {
    this.#last.delete(subscriber);
  }

  clear(): void {
    this.#last.clear();
  }

  emit(value: T): void {
    // A copy, without those who subscribe meanwhile: what they were sent is newer than `value`, and one that subscribes
    // again with each value would never let this loop end.
    for (const [subscriber, last] of [...this.#last]) {
      if (this.#same(value, last) || !this.#last.has(subscriber)) continue;
      this.#last.set(subscriber, value);
      subscriber.next(value);
    }
  }
}
