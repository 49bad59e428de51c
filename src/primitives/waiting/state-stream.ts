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
    // Before the first read: every change after that read is heard.
    watch.add(stream);
    subscribers.add(subscriber, read());
    return () => {
      subscribers.delete(subscriber);
      if (subscribers.size === 0) watch.delete(stream);
    };
  });
}

/** A stream of the watched word: told to read the state again when the word may have changed. */
interface WatchedState {
  emit(): void;
  /** Drops all subscribers, as if they had unsubscribed. */
  leave(): void;
}

const watches = new WeakMap<Cells, Watch>();
/** Watches that have streams. */
const busy = new Set<Watch>();

function watchOf(watched: Watched): Watch {
  const known = watches.get(watched.cells);
  if (known !== undefined) return known;
  const watch = new Watch(watched);
  watches.set(watched.cells, watch);
  return watch;
}

/**
 * This thread's one sleeper at a word, whatever the number of streams of it and of their subscribers: whoever changes
 * the word wakes each thread once.
 *
 * Invariant: while there are streams, it sleeps with WATCHED set, or it was woken and `#woken` is about to run.
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

  /** Reads again: when woken, and periodically, in case whoever changed the word died before it woke this thread. */
  recheck(): boolean {
    if (this.#streams.size > 0) {
      this.#arm();
      // A copy: a stream that is subscribed to again from within `emit` would never let this loop end.
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

// A subscription that an ended thread left would run as a part of the worker's next thread, under its ident.
onThreadBegin(() => {
  for (const watch of busy) watch.leave();
});
