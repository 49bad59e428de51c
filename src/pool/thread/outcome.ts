import { Observable, type Subscriber, TimeoutError } from 'rxjs';
import type { WaitOptions } from '../../primitives/options.js';
import { nextTurn } from '../../primitives/waiting/event-loop.js';
import type { Settle, Wait } from '../../primitives/waiting/wait.js';
import { pendingWait } from './pending-wait.js';

/** Who makes the values that an Outcome takes. */
export interface Producer {
  /** So many were read: as many more may come. */
  request(values: number): void;
  /** Its error was told to nobody. */
  unhandled(error: unknown): void;
}

/** A reader that has been given values which it has not read yet, as it is in another thread. */
export interface RemoteReader {
  readonly unacknowledged: number;
}

type End = { readonly failed: false } | { readonly failed: true; readonly error: unknown };

/** What a thread gives: its values, and how it ended. */
export class Outcome<T> {
  readonly #producer: Producer;
  readonly #readers = new Set<Subscriber<T>>();
  readonly #waiters = new Set<Settle<T>>();
  readonly #remoteReaders = new Set<RemoteReader>();
  /** Values given to readers, for which the producer has not been asked for more yet. */
  #given = 0;
  /** Values nobody has read yet, from #at on. */
  #kept: T[] = [];
  #at = 0;
  #last: T | undefined;
  #empty = true;
  #end: End | undefined;
  #flowing = false;
  #isUnbounded = false;
  #unbounded = false;
  #heard = false;

  constructor(producer: Producer) {
    this.#producer = producer;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Somebody waits for the end: no value is to hold it up. */
  get isUnbounded(): boolean {
    return this.#isUnbounded;
  }

  readonly output$: Observable<T> = new Observable((reader) => {
    if (this.#end !== undefined && this.#at === this.#kept.length) return this.#replay(reader, this.#end);
    this.#readers.add(reader);
    this.#flow();
    return () => this.#readers.delete(reader);
  });

  result(options: WaitOptions | undefined): Wait<T> {
    return pendingWait<T>(
      options,
      (settle) => {
        if (this.#end !== undefined) return void this.#settle(settle, this.#end);
        this.#waiters.add(settle);
        this.unbound();
        return () => this.#waiters.delete(settle);
      },
      (settle) => settle.reject(new TimeoutError()),
    );
  }

  /**
   * From now on what nobody reads is kept without limit. The producer is told once there is something to keep: most
   * threads make one value, and need not hear of it.
   */
  unbound(): void {
    this.#isUnbounded = true;
    if (!this.#empty) this.unboundNow();
  }

  /** For those who will hear of nothing until the end. */
  unboundNow(): void {
    this.#isUnbounded = true;
    if (this.#unbounded) return;
    this.#unbounded = true;
    this.#producer.request(Number.MAX_SAFE_INTEGER);
  }

  /** The producer waits for it from now on. */
  addRemoteReader(reader: RemoteReader): void {
    this.#remoteReaders.add(reader);
  }

  dropRemoteReader(reader: RemoteReader): void {
    this.#remoteReaders.delete(reader);
    this.acknowledged();
  }

  /** Asks for as many more values as the slowest reader has read. */
  acknowledged(): void {
    let unacknowledged = 0;
    for (const reader of this.#remoteReaders)
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
  }

  complete(): void {
    this.#finish({ failed: false });
  }

  /** @param expected - nobody need be told: it is what somebody asked for */
  fail(error: unknown, expected: boolean): void {
    this.#finish({ failed: true, error });
    if (expected) return;
    // Two turns, for whoever asks once it has heard of the end: a join takes one of them.
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
    // A reader's code may come back here; whoever flows already goes on after it.
    if (this.#flowing) return;
    this.#flowing = true;
    const from = this.#at;
    let read = 0;
    while (this.#readers.size > 0 && this.#at < this.#kept.length) {
      const value = this.#kept[this.#at++] as T;
      read++;
      for (const reader of this.#readers) reader.next(value);
      this.#dropClosed();
    }
    this.#flowing = false;
    if (this.#at === this.#kept.length && from < this.#at) {
      this.#kept = [];
      this.#at = 0;
    }
    this.#given += read;
    this.acknowledged();
    if (this.#end === undefined || this.#at < this.#kept.length) return;
    for (const reader of this.#readers) this.#tell(reader, this.#end);
  }

  /** One that is fed while it still subscribes may have had enough before its teardown is known. */
  #dropClosed(): void {
    for (const reader of this.#readers) if (reader.closed) this.#readers.delete(reader);
  }

  /** After the end: the last value again, as from `result`. */
  #replay(reader: Subscriber<T>, end: End): undefined {
    if (!end.failed && !this.#empty) reader.next(this.#last as T);
    this.#tell(reader, end);
  }

  #tell(reader: Subscriber<T>, end: End): void {
    this.#readers.delete(reader);
    if (end.failed) {
      this.#heard = true;
      reader.error(end.error);
    } else reader.complete();
  }

  #settle(waiter: Settle<T>, end: End): void {
    this.#waiters.delete(waiter);
    if (end.failed) {
      this.#heard = true;
      waiter.reject(end.error);
    } else waiter.resolve(this.#last as T);
  }
}
