import { type MonoTypeOperatorFunction, Observable, type Subscriber, Subscription, TimeoutError } from 'rxjs';
import { Event } from '../primitives/event.js';
import { checkCount, checkOptions, checkTimeout, show } from '../primitives/options.js';
import { attach } from './parts/attached.js';
import { Fifo } from './parts/fifo.js';
import { QueueTimeout } from './parts/queue-timeout.js';
import { withValue } from './parts/value-error.js';

export interface AwaitEventOptions {
  /** Longest wait of one value at the gate, in ms of RxJS's time; then RxJS's TimeoutError. */
  timeout?: number;
  /** Values kept while the gate is shut: all (default), the newest n, or, as 0, none. */
  keep?: 'all' | number;
}

/**
 * A gate: values pass while the event is set and wait, in order, while it is not. Those that wait when any thread sets
 * it all pass, even when it is cleared at once. The source's completion waits for them; its error does not.
 *
 * Unsubscribing drops what waits.
 *
 * @throws TypeError, RangeError at the call, for bad arguments. As the Observable's error: TimeoutError, whose `cause`
 * tells the value and its index
 * @example
 * requests.pipe(awaitEvent(online, { keep: 100 }))
 */
export function awaitEvent<T>(event: Event, options?: AwaitEventOptions): MonoTypeOperatorFunction<T> {
  if (!(event instanceof Event)) throw new TypeError(`event must be an Event, got ${show(event)}`);
  checkOptions(options);
  const timeout = checkTimeout(options?.timeout);
  const keep = checkKeep(options?.keep);
  return (source) => new Observable((subscriber) => new Gate(subscriber, event, timeout, keep).run(source));
}

function checkKeep(keep: unknown): number {
  if (keep === undefined || keep === 'all') return Number.POSITIVE_INFINITY;
  if (typeof keep !== 'number') throw new TypeError(`keep must be 'all' or a number, got ${show(keep)}`);
  return checkCount('keep', keep, 0, Number.MAX_SAFE_INTEGER);
}

interface Waiting<T> {
  readonly value: T;
  readonly index: number;
  readonly due: number;
  /** Of the event, when the value came: it is free once that is another, or odd. */
  readonly generation: number;
}

/**
 * One subscription's gate.
 *
 * A value: shut -the event is set, or has been since-> passing -emitted-> gone; shut -others are newer-> dropped.
 * Invariant: those that pass are older than those that are shut out; while any is shut out, `#wait` is pending.
 */
class Gate<T> {
  readonly #subscriber: Subscriber<T>;
  readonly #event: Event;
  readonly #keep: number;
  readonly #parts = new Subscription();
  readonly #shut = new Fifo<Waiting<T>>();
  readonly #passing = new Fifo<T>();
  readonly #timeout: QueueTimeout<Waiting<T>>;
  #wait: Subscription | undefined;
  #emitting = false;
  #count = 0;
  #sourceEnded = false;

  constructor(subscriber: Subscriber<T>, event: Event, timeout: number, keep: number) {
    this.#subscriber = subscriber;
    this.#event = event;
    this.#keep = keep;
    this.#timeout = new QueueTimeout(
      timeout,
      () => this.#shut.peek(),
      ({ index, value }) => this.#fail(withValue(new TimeoutError(), index, value)),
    );
  }

  run(source: Observable<T>): void {
    this.#parts.add(() => this.#end());
    this.#subscriber.add(this.#parts);
    attach(source, this.#parts, {
      next: (value) => this.#arrive(value),
      error: (error) => this.#fail(error),
      complete: () => {
        this.#sourceEnded = true;
        this.#look();
      },
    });
  }

  #arrive(value: T): void {
    const index = this.#count++;
    const { generation } = this.#event;
    const set = isOdd(generation);
    if (set && !this.#emitting && this.#shut.size === 0) {
      this.#subscriber.next(value);
      return;
    }
    this.#openFor(generation);
    if (set) this.#passing.push(value);
    else {
      this.#shut.push({ value, index, generation, due: this.#timeout.due() });
      if (this.#shut.size > this.#keep) this.#shut.shift();
    }
    this.#look();
  }

  /** Lets go on what came at another generation, or while it was set. */
  #openFor(generation: number): void {
    for (let first = this.#shut.peek(); first !== undefined; first = this.#shut.peek()) {
      if (first.generation === generation && !isOdd(generation)) return;
      this.#passing.push(first.value);
      this.#shut.shift();
    }
  }

  /** Emits what may pass, and waits for the rest. */
  #look(): void {
    if (this.#emitting) return;
    this.#emitting = true;
    for (;;) {
      this.#openFor(this.#event.generation);
      if (this.#passing.size === 0) break;
      this.#subscriber.next(this.#passing.shift() as T);
    }
    this.#emitting = false;
    if (this.#parts.closed) return;
    this.#watch();
    if (this.#sourceEnded && this.#shut.size === 0) this.#subscriber.complete();
  }

  #watch(): void {
    this.#timeout.watch();
    const first = this.#shut.peek();
    if (first === undefined) this.#leave();
    else if (this.#wait === undefined) this.#waitFrom(first.generation);
  }

  #waitFrom(generation: number): void {
    this.#wait = new Subscription();
    const woken = (): void => {
      this.#wait = undefined;
      this.#look();
    };
    const reject = (error: unknown): void => this.#fail(error);
    const wait = this.#event.beginAt(generation, Number.POSITIVE_INFINITY, undefined, {
      resolve: woken,
      reject,
    });
    this.#wait?.add(wait);
  }

  #leave(): void {
    this.#wait?.unsubscribe();
    this.#wait = undefined;
  }

  #fail(error: unknown): void {
    this.#parts.unsubscribe();
    this.#subscriber.error(error);
  }

  #end(): void {
    this.#shut.clear();
    this.#passing.clear();
    this.#timeout.stop();
    this.#leave();
  }
}

function isOdd(generation: number): boolean {
  return (generation & 1) === 1;
}
