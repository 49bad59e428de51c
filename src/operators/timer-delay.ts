import {
  asyncScheduler,
  type MonoTypeOperatorFunction,
  Observable,
  type SchedulerLike,
  type Subscriber,
} from 'rxjs';
import { ofAnotherCopy } from '../primitives/brand.js';
import { type Gate, isGate } from '../primitives/gate.js';
import { checkOptions, show, TIMEOUT_MAX } from '../primitives/options.js';
import { EventWatch } from './parts/event-watch.js';
import { ValueQueue, type WaitingValue } from './parts/value-queue.js';

/** What ends the waiting of `timerDelay` early, and whose time it is. */
export interface TimerDelayOptions {
  /** Once set, by any thread, what is still waiting is dropped, and what comes while it is set. */
  cancel?: Gate | undefined;
  /** Whose time it is; default: RxJS's asyncScheduler. */
  scheduler?: SchedulerLike | undefined;
}

/**
 * Delays every value by `interval` ms, as if each had a Timer of its own; waiting costs no worker. The source's
 * completion waits for those that wait; its error does not.
 *
 * Unsubscribing drops what waits. Source: RxJS, `delay`, and CPython, `threading.Timer`.
 *
 * @param interval - ms, from 0 to TIMEOUT_MAX
 * @throws TypeError, RangeError at the call, for bad arguments
 * @example
 * const undo = new Event();
 * const drafts = new Subject<string>();
 * drafts.pipe(timerDelay(50, { cancel: undo })).subscribe((draft) => console.log(draft)); // prints second
 * drafts.next('first');
 * undo.set();
 * undo.clear();
 * drafts.next('second');
 */
export function timerDelay<T>(interval: number, options?: TimerDelayOptions): MonoTypeOperatorFunction<T> {
  if (typeof interval !== 'number')
    throw new TypeError(`interval must be a number of ms, got ${show(interval)}`);
  if (!(interval >= 0 && interval <= TIMEOUT_MAX))
    throw new RangeError(`interval must be 0 to ${TIMEOUT_MAX} ms, got ${interval}`);
  checkOptions(options, ['cancel', 'scheduler']);
  const { cancel, scheduler = asyncScheduler } = options ?? {};
  if (cancel !== undefined && !isGate(cancel))
    throw new TypeError(
      `cancel must be an Event of rxjs-threading, got ${show(cancel)}${ofAnotherCopy(cancel)}`,
    );
  if (typeof (scheduler as Partial<SchedulerLike> | null)?.schedule !== 'function')
    throw new TypeError(`scheduler must be a scheduler, got ${show(scheduler)}`);
  return (source) =>
    new Observable((subscriber) => new Delays(subscriber, interval, cancel, scheduler).run(source));
}

interface Delayed<T> extends WaitingValue<T> {
  /** Of the cancel event, when the value came: the value is dropped once the event's is another. */
  readonly generation: number;
}

/** One subscription's delayed values. Invariant: while any is delayed, `#watch` waits, if it can be cancelled. */
class Delays<T> extends ValueQueue<T, T, Delayed<T>> {
  readonly #cancel: Gate | undefined;
  readonly #watch: EventWatch | undefined;

  constructor(
    subscriber: Subscriber<T>,
    interval: number,
    cancel: Gate | undefined,
    scheduler: SchedulerLike,
  ) {
    super(subscriber, interval, scheduler);
    this.#cancel = cancel;
    if (cancel !== undefined)
      this.#watch = new EventWatch(
        cancel,
        () => this.context.run(() => this.#drop()),
        (error) => this.fail(error),
      );
  }

  override run(source: Observable<T>): void {
    this.parts.add(this.#cancel?.follow?.());
    super.run(source);
  }

  protected override arrive(value: T, index: number): void {
    if (this.#watch?.isSet === true) return;
    const generation = this.#watch?.generation ?? 0;
    this.waiting.push({ value, index, generation, due: this.timeout.due() });
    this.timeout.watch();
    this.#watchCancel();
  }

  protected override timedOut({ value, generation }: Delayed<T>): void {
    this.waiting.shift();
    if (this.#watch?.unchangedSince(generation) !== false) this.emit(value);
    if (this.parts.closed) return;
    this.#watchCancel();
    this.completeIfDone();
  }

  #watchCancel(): void {
    const first = this.waiting.peek();
    if (first === undefined) this.#watch?.stop();
    else this.#watch?.from(first.generation);
  }

  /** Called when the event was set: drops the values that came before. */
  #drop(): void {
    for (let first = this.waiting.peek(); first !== undefined; first = this.waiting.peek()) {
      if (this.#watch?.unchangedSince(first.generation) !== false) break;
      this.waiting.shift();
    }
    this.timeout.watch();
    this.#watchCancel();
    this.completeIfDone();
  }

  protected override end(): void {
    super.end();
    this.#watch?.stop();
  }
}
