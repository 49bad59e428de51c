import { Observable, type Subscriber } from 'rxjs';
import type { ThreadError } from '../../errors.js';
import type { WaitOptions } from '../../primitives/options.js';
import { nextTurn } from '../../primitives/waiting/event-loop.js';
import { timedOut } from '../../primitives/waiting/timed-out.js';
import { apart } from '../../primitives/waiting/unheard.js';
import type { Settle, Wait } from '../../primitives/waiting/wait.js';
import { pendingWait } from './pending-wait.js';

/** The thread, as its Outcome sees it: who makes the values. */
export interface Producer {
  readonly name: string;
  /** Why nobody can wait for the thread's result now; undefined: somebody can. */
  readonly notStarted: ThreadError | undefined;
  /** Readers have taken so many values: the thread may make as many more. */
  request(values: number): void;
  /** The thread ended with an error, and no reader and no waiter has been given that. */
  unhandled(error: unknown): void;
}

/** A reader in another thread: see remote-answer.ts. */
export interface RemoteReader {
  /** Values that were sent to the reader and that it has not read yet. */
  readonly unacknowledged: number;
}

type End = { readonly failed: false } | { readonly failed: true; readonly error: unknown };

/**
 * What a thread gives, kept where the thread was started: the values of its stream, and how it ended. `output$` reads the
 * values, `result` waits for the end and has the last value.
 *
 * Invariant: each value goes to all who read `output$` at that moment, and is kept in `#kept` only while nobody reads.
 * The thread may be WINDOW values ahead of its slowest reader, and of the kept ones; it may be further ahead only once
 * somebody waits for its end, because a join must not hang on a stream that nobody reads.
 */
export class Outcome<T> {
  readonly #producer: Producer;
  readonly #readers = new Set<Subscriber<T>>();
  readonly #waiters = new Set<Settle<T>>();
  /** Made with the first, as few threads have any. */
  #remoteReaders: Set<RemoteReader> | undefined;
  /** Values given to readers, for which the thread has got no credit yet. */
  #given = 0;
  /** Values that nobody has read yet: those from index `#at` on. */
  #kept: T[] = [];
  #at = 0;
  #last: T | undefined;
  #empty = true;
  #end: End | undefined;
  /** `#flow` is on the stack: a reader's code may come back to it. */
  #flowing = false;
  #isUnbounded = false;
  /** Nobody will read the values that nobody reads now, but the last. */
  #keepsLast = false;
  /** The thread has been told that nothing bounds it. */
  #toldUnbounded = false;
  /** The error of the thread has reached somebody. */
  #heard = false;

  constructor(producer: Producer) {
    this.#producer = producer;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  get failed(): boolean {
    return this.#end?.failed === true;
  }

  /** Somebody waits for the end of the thread: values that nobody reads are kept without limit. */
  get isUnbounded(): boolean {
    return this.#isUnbounded;
  }

  /** Each time a new one: Thread keeps what it gives to its users. */
  get output$(): Observable<T> {
    return new Observable((reader) => {
      if (this.#end !== undefined && this.#at === this.#kept.length) return this.#replay(reader, this.#end);
      this.#readers.add(reader);
      this.#flow();
      return () => this.#readers.delete(reader);
    });
  }

  result(options: WaitOptions | undefined): Wait<T> {
    return pendingWait<T>(
      options,
      (settle) => {
        if (this.#end !== undefined) return void this.#settle(settle, this.#end);
        const { notStarted } = this.#producer;
        if (notStarted !== undefined) return void settle.reject(notStarted);
        this.#waiters.add(settle);
        this.unbound();
        return () => this.#waiters.delete(settle);
      },
      (settle, timeout) => settle.reject(timedOut(`result of thread '${this.#producer.name}'`, timeout)),
    );
  }

  /**
   * Turns back-pressure off, because a join or a result must not wait for a reader of the stream. The thread is told with
   * its first value and not now: most threads send one value, and the message costs a third of a warm start.
   */
  unbound(): void {
    this.#isUnbounded = true;
    if (!this.#empty) this.unboundNow();
  }

  /** As `unbound`, told at once: `joinSync` blocks the event loop that would hear of a first value. */
  unboundNow(): void {
    this.#isUnbounded = true;
    if (this.#toldUnbounded) return;
    this.#toldUnbounded = true;
    this.#producer.request(Number.MAX_SAFE_INTEGER);
  }

  /** Drops values that nobody reads, all but the last: for whoever has the result alone to give. */
  keepLast(): void {
    this.#keepsLast = true;
    this.#dropKept();
  }

  #dropKept(): void {
    this.#kept = [];
    this.#at = 0;
  }

  /** From now on the thread gets no credit for what this reader has not read. */
  addRemoteReader(reader: RemoteReader): void {
    this.#remoteReaders ??= new Set();
    this.#remoteReaders.add(reader);
  }

  dropRemoteReader(reader: RemoteReader): void {
    this.#remoteReaders?.delete(reader);
    this.acknowledged();
  }

  /** Gives the thread credit for as many values as the slowest reader has read. */
  acknowledged(): void {
    let unacknowledged = 0;
    for (const reader of this.#remoteReaders ?? [])
      unacknowledged = Math.max(unacknowledged, reader.unacknowledged);
    const read = this.#given - unacknowledged;
    if (read <= 0 || this.#isUnbounded || this.#end !== undefined) return;
    this.#given = unacknowledged;
    this.#producer.request(read);
  }

  values(values: readonly T[]): void {
    if (values.length === 0) return;
    this.#last = values[values.length - 1];
    this.#empty = false;
    if (this.#isUnbounded) this.unboundNow();
    if (this.#at === this.#kept.length) {
      this.#kept = values as T[];
      this.#at = 0;
    } else for (const value of values) this.#kept.push(value);
    this.#flow();
    if (this.#keepsLast && !this.#flowing) this.#dropKept();
  }

  complete(): void {
    this.#finish({ failed: false });
  }

  /** @param expected - somebody asked for this end (a cancel, a kill), so an error that nobody hears is not unhandled */
  fail(error: unknown, expected: boolean): void {
    this.#finish({ failed: true, error });
    if (expected) return;
    // Two turns later, because a join takes one of them, and its caller may then ask for the result.
    nextTurn(() =>
      nextTurn(() => {
        if (!this.#heard) this.#producer.unhandled(error);
      }),
    );
  }

  #finish(end: End): void {
    this.#end ??= end;
    for (const waiter of this.#waiters) this.#settle(waiter, end);
    this.#flow();
  }

  #flow(): void {
    // The `#flow` further down the stack goes on once the reader's code returns.
    if (this.#flowing) return;
    this.#flowing = true;
    const from = this.#at;
    let read = 0;
    while (this.#readers.size > 0 && this.#at < this.#kept.length) {
      const value = this.#kept[this.#at++] as T;
      read++;
      this.#give(value);
      this.#dropClosed();
    }
    this.#flowing = false;
    if (this.#at === this.#kept.length && from < this.#at) this.#dropKept();
    this.#given += read;
    this.acknowledged();
    if (this.#end === undefined || this.#at < this.#kept.length) return;
    for (const reader of this.#readers) this.#tell(reader, this.#end);
  }

  /** Not to those that subscribe meanwhile: `take(1), repeat()` would get the same value again and again. */
  #give(value: T): void {
    const readers = this.#readers.size === 1 ? this.#readers : [...this.#readers];
    for (const reader of readers) {
      // One that is fed before may have had it leave.
      if (!reader.closed) apart(() => reader.next(value));
      // The one there was: the set may have grown.
      if (readers === this.#readers) return;
    }
  }

  /** Readers that were fed within their own `subscribe` may be closed before their teardown is known. */
  #dropClosed(): void {
    for (const reader of this.#readers) if (reader.closed) this.#readers.delete(reader);
  }

  /** To a reader that comes after the end: the last value again, as `result` has it, and the end. */
  #replay(reader: Subscriber<T>, end: End): undefined {
    if (!end.failed && !this.#empty) reader.next(this.#last as T);
    if (!reader.closed) this.#tell(reader, end);
  }

  #tell(reader: Subscriber<T>, end: End): void {
    this.#readers.delete(reader);
    if (end.failed) this.#heard = true;
    apart(() => (end.failed ? reader.error(end.error) : reader.complete()));
  }

  #settle(waiter: Settle<T>, end: End): void {
    this.#waiters.delete(waiter);
    if (end.failed) {
      this.#heard = true;
      waiter.reject(end.error);
    } else waiter.resolve(this.#last as T);
  }
}
