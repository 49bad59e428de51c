import {
  from,
  Observable,
  type ObservableInput,
  type OperatorFunction,
  type Subscriber,
  Subscription,
} from 'rxjs';
import { Fifo } from '../pool/wire/fifo.js';
import { ofAnotherCopy } from '../primitives/brand.js';
import type { Meeting } from '../primitives/meeting.js';
import { show } from '../primitives/options.js';
import { CallerContext } from '../primitives/waiting/caller-context.js';
import { attach, emitTo, tearDown } from './parts/attached.js';
import { withValue } from './parts/value-error.js';

/**
 * `zip` whose every round passes the barrier: each stream's next value arrives as one party, and the tuple is emitted
 * when all parties, those of other threads included, have. What a stream has beyond the round is kept. Completes as zip
 * does: when a stream that has completed has no value for the next round.
 *
 * The others are subscribed to before the source. Unsubscribing withdraws those that have arrived. Source: RxJS, `zip`, and
 * CPython, `threading.Barrier`.
 *
 * @throws TypeError, RangeError at the call: a barrier that is none, or has fewer parties than there are streams. As the
 * Observable's error: BrokenBarrierError, whose `cause` tells the value and its index
 * @example
 * const barrier = new Barrier(2); // of more, when streams of other threads take part
 * of(1, 2)
 *   .pipe(barrierZip(barrier, of('a', 'b')))
 *   .subscribe((pair) => console.log(pair.join())); // prints 1,a, then 2,b
 */
export function barrierZip<T, A extends readonly unknown[]>(
  barrier: Meeting,
  ...others: { [K in keyof A]: ObservableInput<A[K]> }
): OperatorFunction<T, [T, ...A]> {
  if (!isMeeting(barrier))
    throw new TypeError(`barrier must be a Barrier, got ${show(barrier)}${ofAnotherCopy(barrier)}`);
  const count = others.length + 1;
  if (barrier.parties < count) {
    throw new RangeError(
      `barrier must have a party for each of the ${count} streams, got ${barrier.parties} in ${show(barrier.name)}`,
    );
  }
  const streams = others.map(toStream);
  return (source) =>
    new Observable((subscriber) =>
      new Rounds(subscriber as Subscriber<unknown[]>, barrier).run([source, ...streams]),
    );
}

/** @throws TypeError showing the value */
function toStream(other: unknown): Observable<unknown> {
  try {
    return from(other as ObservableInput<unknown>);
  } catch (cause) {
    throw new TypeError(`others must be Observables, or what RxJS makes one of, got ${show(other)}`, {
      cause,
    });
  }
}

function isMeeting(barrier: unknown): barrier is Meeting {
  const { parties, wait } = (barrier ?? {}) as Partial<Meeting>;
  return typeof parties === 'number' && typeof wait === 'function';
}

/** One of the zipped streams. Its first value belongs to the current round. */
class Stream {
  readonly values: Fifo<{ readonly value: unknown }> = new Fifo();
  /** The wait at the barrier that the first value has arrived with. */
  wait: Subscription | undefined;
  passed = false;
  completed = false;

  get exhausted(): boolean {
    return this.completed && this.values.size === 0;
  }
}

/**
 * One subscription's rounds.
 *
 * A round: each stream has a value -arrives-> waits -> passed; all have passed -> emitted, and the next one begins.
 */
class Rounds {
  readonly #subscriber: Subscriber<unknown[]>;
  readonly #barrier: Meeting;
  readonly #parts = new Subscription();
  /** Of who subscribed: a round that had to wait for other threads is emitted in it. */
  readonly #context = new CallerContext();
  #streams: readonly Stream[] = [];
  #advancing = false;
  /** The subscriber's code runs, and may lead back here. */
  #emitting = false;
  #round = 0;

  constructor(subscriber: Subscriber<unknown[]>, barrier: Meeting) {
    this.#subscriber = subscriber;
    this.#barrier = barrier;
  }

  run(sources: readonly Observable<unknown>[]): void {
    this.#parts.add(() => this.#withdraw());
    this.#subscriber.add(this.#parts);
    this.#streams = sources.map(() => new Stream());
    // The source comes last: an endless one can then be cut because another stream has completed.
    const inOrder = [...sources.keys()].map((at) => (at + 1) % sources.length);
    for (const at of inOrder) {
      const [source, stream] = [sources[at], this.#streams[at]];
      if (source !== undefined && stream !== undefined) this.#listen(source, stream);
    }
  }

  #listen(source: Observable<unknown>, stream: Stream): void {
    attach(source, this.#parts, {
      next: (value) => {
        stream.values.push({ value });
        this.#advance();
      },
      error: (error) => this.#fail(error),
      complete: () => {
        stream.completed = true;
        this.#completeIfDone();
      },
    });
  }

  /** Has each stream arrive that has a value, and emits the rounds that are complete by that. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    do {
      for (const stream of this.#streams) this.#arrive(stream);
      // The last arrival lets the others of this thread through in a microtask: here it is now, in the same frame.
      this.#barrier.serve?.();
    } while (this.#emitRound());
    this.#advancing = false;
  }

  #arrive(stream: Stream): void {
    const first = stream.values.peek();
    if (first === undefined || stream.wait !== undefined) return;
    const wait = new Subscription();
    stream.wait = wait;
    wait.add(
      this.#barrier.wait().subscribe({
        next: () => {
          stream.passed = true;
        },
        error: (error) => this.#fail(withValue(error, this.#round, first.value)),
        complete: () => this.#context.run(() => this.#advance()),
      }),
    );
  }

  #emitRound(): boolean {
    if (this.#parts.closed || !this.#streams.every((stream) => stream.passed)) return false;
    const tuple = this.#streams.map((stream) => {
      stream.passed = false;
      stream.wait = undefined;
      return stream.values.shift()?.value;
    });
    this.#round++;
    this.#emitting = true;
    emitTo(this.#subscriber, tuple);
    this.#emitting = false;
    this.#completeIfDone();
    return !this.#parts.closed;
  }

  #completeIfDone(): void {
    if (this.#emitting || this.#parts.closed) return;
    if (this.#streams.some((stream) => stream.exhausted)) this.#subscriber.complete();
  }

  #withdraw(): void {
    for (const stream of this.#streams) {
      stream.values.clear();
      stream.wait?.unsubscribe();
    }
  }

  #fail(error: unknown): void {
    tearDown(this.#parts);
    this.#subscriber.error(error);
  }
}
