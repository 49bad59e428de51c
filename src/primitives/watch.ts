import { Observable, type Subscriber } from 'rxjs';
import { WATCH_SEQ, WATCHED, WORD } from './header.js';
import { watchOver } from './loop.js';
import { type Cells, load, or, parkAsync, wake } from './word.js';

/** The words a stream watches: flags (WATCHED among them), and the number bumped when that flag was set. */
export interface Watched {
  readonly cells: Cells;
  readonly word: number;
  readonly sequence: number;
}

/** A primitive's state as a stream. */
export function valueStream<T>(primitive: { readonly cells: Cells }, read: () => T): Observable<T> {
  return stateStream({ cells: primitive.cells, word: WORD, sequence: WATCH_SEQ }, read);
}

/**
 * State in shared memory as a stream: the current value on subscription, then every change, distinct, bursts coalesced
 * to the last value; it never completes and never keeps the process alive. All its subscribers in one thread share one
 * watch, so that whoever changes the state wakes a thread once.
 */
export function stateStream<T>(
  watched: Watched,
  read: () => T,
  same: (a: T, b: T) => boolean = Object.is,
): Observable<T> {
  const watch = new Watch(watched, read, same);
  return new Observable((subscriber) => watch.add(subscriber));
}

class Watch<T> {
  readonly #watched: Watched;
  readonly #read: () => T;
  readonly #same: (a: T, b: T) => boolean;
  /** What each was told last. */
  readonly #told = new Map<Subscriber<T>, T>();
  #asleep = false;
  #patrolled = false;

  constructor(watched: Watched, read: () => T, same: (a: T, b: T) => boolean) {
    this.#watched = watched;
    this.#read = read;
    this.#same = same;
  }

  add(subscriber: Subscriber<T>): () => void {
    this.#sleep();
    const value = this.#read();
    this.#told.set(subscriber, value);
    if (!this.#patrolled) {
      this.#patrolled = true;
      watchOver(this);
    }
    subscriber.next(value);
    return () => this.#told.delete(subscriber);
  }

  /** Also on patrol, in case whoever changed the state died before it woke us. */
  look(): boolean {
    const { cells, sequence } = this.#watched;
    if (this.#told.size > 0) {
      this.#sleep();
      this.#tell();
    } else if (this.#asleep) wake(cells, sequence);
    else this.#patrolled = false;
    return this.#patrolled;
  }

  /** Asks to be woken; what is read after this misses no change. */
  #sleep(): void {
    const { cells, word, sequence } = this.#watched;
    for (;;) {
      const seen = load(cells, sequence);
      or(cells, word, WATCHED);
      if (this.#asleep) return;
      this.#asleep = true;
      if (parkAsync(cells, sequence, seen, this.#woken)) return;
      this.#asleep = false;
    }
  }

  readonly #woken = (): void => {
    this.#asleep = false;
    if (this.#told.size > 0) this.look();
  };

  #tell(): void {
    const value = this.#read();
    for (const [subscriber, last] of this.#told) {
      if (this.#same(value, last)) continue;
      this.#told.set(subscriber, value);
      subscriber.next(value);
    }
  }
}
