import { type MonoTypeOperatorFunction, Observable, type Subscriber } from 'rxjs';
import { Fifo } from '../pool/wire/fifo.js';
import { ofAnotherCopy } from '../primitives/brand.js';
import { type Gate, isGate } from '../primitives/gate.js';
import { checkCount, checkOptions, checkTimeout, show } from '../primitives/options.js';
import { EventWatch } from './parts/event-watch.js';
import { ValueQueue, type WaitingValue } from './parts/value-queue.js';

/** What `awaitEvent` does with values while the gate is shut. */
export interface AwaitEventOptions {
  /** Longest wait of one value at the gate, in ms of RxJS's time; then RxJS's TimeoutError. Default: for ever. */
  timeout?: number | undefined;
  /** Values kept while the gate is shut: all (default), the newest n, or, as 0, none. */
  keep?: 'all' | number | undefined;
}

/**
 * A gate: values pass while the event is set and wait, in order, while it is not. Those that wait when any thread sets
 * it all pass, even when it is cleared at once. The source's completion waits for them; its error does not.
 *
 * Unsubscribing drops what waits. Source: CPython, `threading.Event.wait`.
 *
 * @throws TypeError, RangeError at the call, for bad arguments. As the Observable's error: TimeoutError, whose `cause`
 * tells the value and its index
 * @example
 * const online = new Event();
 * of('a', 'b', 'c')
 *   .pipe(awaitEvent(online, { keep: 2 }))
 *   .subscribe((request) => console.log(request)); // prints b, then c
 * online.set();
 */
export function awaitEvent<T>(event: Gate, options?: AwaitEventOptions): MonoTypeOperatorFunction<T> {
  if (!isGate(event))
    throw new TypeError(
      `event must be an Event of rxjs-threading, got ${show(event)}${ofAnotherCopy(event)}`,
    );
  checkOptions(options, ['timeout', 'keep']);
  const timeout = checkTimeout(options?.timeout);
  const keep = checkKeep(options?.keep);
  return (source) =>
    new Observable((subscriber) => new Gateway(subscriber, event, timeout, keep).run(source));
}

function checkKeep(keep: unknown): number {
  if (keep === undefined || keep === 'all') return Number.POSITIVE_INFINITY;
  if (typeof keep !== 'number') throw new TypeError(`keep must be 'all' or a number, got ${show(keep)}`);
  return checkCount('keep', keep, 0, Number.MAX_SAFE_INTEGER);
}

interface ShutOut<T> extends WaitingValue<T> {
  /** Of the event, when the value came: the value is free once the event's is another, or odd. */
  readonly generation: number;
}

/**
 * One subscription's gate.
 *
 * A value: waiting -the event is set, or has been since-> passing -emitted-> gone; waiting -others are newer-> dropped.
 * Invariant: those that pass are older than those that wait; while any waits, so does `#watch`.
 */
class Gateway<T> extends ValueQueue<T, T, ShutOut<T>> {
  readonly #event: Gate;
  readonly #keep: number;
  readonly #passing = new Fifo<T>();
  readonly #watch: EventWatch;

  constructor(subscriber: Subscriber<T>, event: Gate, timeout: number, keep: number) {
    super(subscriber, timeout);
    this.#event = event;
    this.#keep = keep;
    this.#watch = new EventWatch(
      event,
      () => this.context.run(() => this.#look()),
      (error) => this.fail(error),
    );
  }

  override run(source: Observable<T>): void {
    this.parts.add(this.#event.follow?.());
    super.run(source);
  }

  protected override arrive(value: T, index: number): void {
    const { generation, isSet } = this.#watch;
    if (isSet && !this.emitting && this.waiting.size === 0) this.emit(value);
    else {
      this.#open();
      if (isSet) this.#passing.push(value);
      else {
        this.waiting.push({ value, index, generation, due: this.timeout.due() });
        if (this.waiting.size > this.#keep) this.waiting.shift();
      }
    }
    if (this.waiting.size > 0 || this.#passing.size > 0) this.#look();
    else this.completeIfDone();
  }

  /** Lets the values pass that came at another generation of the event, or all when it is set. */
  #open(): void {
    for (let first = this.waiting.peek(); first !== undefined; first = this.waiting.peek()) {
      if (!this.#watch.isSet && this.#watch.unchangedSince(first.generation)) return;
      this.#passing.push(first.value);
      this.waiting.shift();
    }
  }

  /** Emits the values that may pass, and sees to it that the others are looked at when the event is set. */
  #look(): void {
    if (this.emitting) return;
    for (;;) {
      this.#open();
      if (this.#passing.size === 0) break;
      this.emit(this.#passing.shift() as T);
    }
    if (this.parts.closed) return;
    this.timeout.watch();
    const first = this.waiting.peek();
    if (first === undefined) this.#watch.stop();
    else this.#watch.from(first.generation);
    this.completeIfDone();
  }

  protected override timedOut(first: ShutOut<T>): void {
    // The event loop may have been blocked since the event was set.
    this.#open();
    if (this.waiting.peek() === first) super.timedOut(first);
    else this.#look();
  }

  protected override end(): void {
    super.end();
    this.#passing.clear();
    this.#watch.stop();
  }
}
