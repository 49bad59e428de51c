import { Observable } from 'rxjs';
import { WATCH_SEQ, WATCHED, WORD } from '../memory/layout.js';
import { type Cells, load, or, parkAsync, wake } from '../memory/word.js';
import { onThreadBegin } from '../threads/current-ident.js';
import { DistinctSubscribers } from './audience.js';
import { type Rechecked, recheckPeriodically } from './event-loop.js';

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
 * to the last value; it never completes and never keeps the process alive.
 */
export function stateStream<T>(
  watched: Watched,
  read: () => T,
  same: (a: T, b: T) => boolean = Object.is,
): Observable<T> {
  const subscribers = new DistinctSubscribers(same);
  const stream = { emit: (): void => subscribers.emit(read()), leave: (): void => subscribers.clear() };
  return new Observable((subscriber) => {
    const watch = watchOf(watched);
    // First: what is read after this misses no change.
    watch.add(stream);
    subscribers.add(subscriber, read());
    return () => {
      subscribers.delete(subscriber);
      if (subscribers.size === 0) watch.delete(stream);
    };
  });
}

/** A state that is read again, for those who hear of it, when its word may have changed. */
interface WatchedState {
  emit(): void;
  /** As if all had unsubscribed. */
  leave(): void;
}

const watches = new WeakMap<Cells, Watch>();
/** Those with streams. */
const busy = new Set<Watch>();

function watchOf(watched: Watched): Watch {
  const known = watches.get(watched.cells);
  if (known !== undefined) return known;
  const watch = new Watch(watched);
  watches.set(watched.cells, watch);
  return watch;
}

/**
 * This thread's one sleeper at a word, whatever number of streams are made of it, and of subscribers to them: who
 * changes the word wakes each thread once.
 *
 * Invariant: while there are streams, it sleeps with WATCHED set, or has been woken and its turn is to come.
 */
class Watch implements Rechecked {
  readonly #cells: Cells;
  readonly #word: number;
  readonly #sequence: number;
  readonly #streams = new Set<WatchedState>();
  #asleep = false;
  #rechecked = false;

  constructor({ cells, word, sequence }: Watched) {
    this.#cells = cells;
    this.#word = word;
    this.#sequence = sequence;
  }

  add(stream: WatchedState): void {
    this.#streams.add(stream);
    busy.add(this);
    this.#arm();
    if (this.#rechecked) return;
    this.#rechecked = true;
    recheckPeriodically(this);
  }

  delete(stream: WatchedState): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) busy.delete(this);
  }

  leave(): void {
    for (const stream of this.#streams) stream.leave();
    this.#streams.clear();
    busy.delete(this);
  }

  /** Also from time to time, in case whoever changed the state died before it woke us. */
  recheck(): boolean {
    if (this.#streams.size > 0) {
      this.#arm();
      // As for subscribers: one that comes again while it is told must not be told without end.
      for (const stream of [...this.#streams]) stream.emit();
    } else if (this.#asleep) wake(this.#cells, this.#sequence);
    else this.#rechecked = false;
    return this.#rechecked;
  }

  #arm(): void {
    for (;;) {
      const seen = load(this.#cells, this.#sequence);
      or(this.#cells, this.#word, WATCHED);
      if (this.#asleep) return;
      this.#asleep = true;
      if (parkAsync(this.#cells, this.#sequence, seen, this.#woken)) return;
      this.#asleep = false;
    }
  }

  readonly #woken = (): void => {
    this.#asleep = false;
    if (this.#streams.size > 0) this.recheck();
  };
}

// What one thread has left watching would run, and fail, as a part of the next.
onThreadBegin(() => {
  for (const watch of busy) watch.leave();
});
