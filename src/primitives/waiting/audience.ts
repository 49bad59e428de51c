import type { Subscriber } from 'rxjs';

/** The subscribers of one state. Each hears only what differs from what it heard last. */
export class DistinctSubscribers<T> {
  readonly #same: (a: T, b: T) => boolean;
  /** What each was told last. */
  readonly #told = new Map<Subscriber<T>, T>();

  constructor(same: (a: T, b: T) => boolean) {
    this.#same = same;
  }

  get size(): number {
    return this.#told.size;
  }

  add(subscriber: Subscriber<T>, value: T): void {
    this.#told.set(subscriber, value);
    subscriber.next(value);
  }

  delete(subscriber: Subscriber<T>): void {
    this.#told.delete(subscriber);
  }

  clear(): void {
    this.#told.clear();
  }

  emit(value: T): void {
    // Not those who come meanwhile: what they were told is newer than `value`, and one that comes again and again
    // would never let this end.
    for (const [subscriber, last] of [...this.#told]) {
      if (this.#same(value, last) || !this.#told.has(subscriber)) continue;
      this.#told.set(subscriber, value);
      subscriber.next(value);
    }
  }
}
