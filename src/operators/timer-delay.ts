import {
  asyncScheduler,
  type MonoTypeOperatorFunction,
  Observable,
  type SchedulerLike,
  type Subscriber,
  Subscription,
} from 'rxjs';
import { Event } from '../primitives/event.js';
import { checkOptions, show, TIMEOUT_MAX } from '../primitives/options.js';
import { attach } from './parts/attached.js';
import { Fifo } from './parts/fifo.js';
import { QueueTimeout } from './parts/queue-timeout.js';

export interface TimerDelayOptions {
  /** Once set, by any thread, what is still waiting is dropped, and what comes while it is set. */
  cancel?: Event;
  /** Whose time it is; default: RxJS's asyncScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Delays every value by `interval` ms, as if each had a Timer of its own; waiting costs no worker. The source's
 * completion waits for those that wait; its error does not.
 *
 * Unsubscribing drops what waits.
 *
 * @throws TypeError, RangeError at the call, for bad arguments
 * @example
 * drafts.pipe(timerDelay(30_000, { cancel: undo }))
 */
export function timerDelay<T>(interval: number, options?: TimerDelayOptions): MonoTypeOperatorFunction<T> {
  if (typeof interval !== 'number')
    throw new TypeError(`interval must be a number of ms, got ${show(interval)}`);
  if (!(interval >= 0 && interval <= TIMEOUT_MAX))
    throw new RangeError(`interval must be 0 to ${TIMEOUT_MAX} ms, got ${interval}`);
  checkOptions(options);
  const { cancel, scheduler = asyncScheduler } = options ?? {};
  if (cancel !== undefined && !(cancel instanceof Event))
    throw new TypeError(`cancel must be an Event, got ${show(cancel)}`);
  if (typeof (scheduler as Partial<SchedulerLike> | null)?.schedule !== 'function')
    throw new TypeError(`scheduler must be a scheduler, got ${show(scheduler)}`);
  return (source) =>
    new Observable((subscriber) => new Delays(subscriber, interval, cancel, scheduler).run(source));
}

interface Delayed<T> {
  readonly value: T;
  readonly due: number;
  /** Of the cancel event, when the value came: it is dropped once that is another. */
  readonly generation: number;
}

/** One subscription's delayed values. Invariant: while any is delayed, `#wait` is pending, if it can be cancelled. */
class Delays<T> {
  readonly #subscriber: Subscriber<T>;
  readonly #cancel: Event | undefined;
  readonly #parts = new Subscription();
  readonly #delayed = new Fifo<Delayed<T>>();
  readonly #timeout: QueueTimeout<Delayed<T>>;
  #wait: Subscription | undefined;
  #sourceEnded = false;

  constructor(
    subscriber: Subscriber<T>,
    interval: number,
    cancel: Event | undefined,
    scheduler: SchedulerLike,
  ) {
    this.#subscriber = subscriber;
    this.#cancel = cancel;
    this.#timeout = new QueueTimeout(
      interval,
      () => this.#delayed.peek(),
      (first) => this.#up(first),
      scheduler,
    );
  }

  run(source: Observable<T>): void {
    this.#parts.add(() => this.#end());
    this.#subscriber.add(this.#parts);
    attach(source, this.#parts, {
      next: (value) => this.#arrive(value),
      error: (error) => {
        this.#parts.unsubscribe();
        this.#subscriber.error(error);
      },
      complete: () => {
        this.#sourceEnded = true;
        this.#completeIfDone();
      },
    });
  }

  #arrive(value: T): void {
    const { generation } = this;
    if ((generation & 1) === 1) return;
    this.#delayed.push({ value, generation, due: this.#timeout.due() });
    this.#timeout.watch();
    this.#watch();
  }

  get generation(): number {
    return this.#cancel?.generation ?? 0;
  }

  #up({ value, generation }: Delayed<T>): void {
    this.#delayed.shift();
    if (generation === this.generation) this.#subscriber.next(value);
    if (this.#parts.closed) return;
    this.#watch();
    this.#completeIfDone();
  }

  #completeIfDone(): void {
    if (this.#sourceEnded && this.#delayed.size === 0) this.#subscriber.complete();
  }

  #watch(): void {
    const first = this.#delayed.peek();
    if (first === undefined) this.#leave();
    else if (this.#wait === undefined && this.#cancel !== undefined)
      this.#waitFor(this.#cancel, first.generation);
  }

  #waitFor(cancel: Event, generation: number): void {
    this.#wait = new Subscription();
    const resolve = (): void => {
      this.#wait = undefined;
      this.#drop();
    };
    const reject = (error: unknown): void => this.#subscriber.error(error);
    const wait = cancel.beginAt(generation, Number.POSITIVE_INFINITY, undefined, { resolve, reject });
    this.#wait?.add(wait);
  }

  #drop(): void {
    const { generation } = this;
    for (let first = this.#delayed.peek(); first !== undefined; first = this.#delayed.peek()) {
      if (first.generation === generation) break;
      this.#delayed.shift();
    }
    this.#timeout.watch();
    this.#watch();
    this.#completeIfDone();
  }

  #leave(): void {
    this.#wait?.unsubscribe();
    this.#wait = undefined;
  }

  #end(): void {
    this.#delayed.clear();
    this.#timeout.stop();
    this.#leave();
  }
}
