import { type Observable, type SchedulerLike, type Subscriber, Subscription } from 'rxjs';
import { Fifo } from '../../pool/wire/fifo.js';
import { CallerContext } from '../../primitives/waiting/caller-context.js';
import { timedOut } from '../../primitives/waiting/timed-out.js';
import { attach, emitTo, tearDown } from './attached.js';
import { type Due, QueueTimeout } from './queue-timeout.js';
import { withValue } from './value-error.js';

/** A value of the source that cannot go on yet. */
export interface WaitingValue<T> extends Due {
  readonly value: T;
  readonly index: number;
}

/**
 * One subscription of an operator whose values wait, in order, for what another thread may bring: the queue, the time that
 * each may wait, and how the subscription ends. A subclass says when a value goes on. One that had to wait goes on in the
 * async context of who subscribed, and not in that of whatever lets it go on.
 *
 * Invariant: the source, and whatever waits or runs, is torn down before the subscriber hears of an error. The subscriber
 * hears of completion once the source has completed and no value waits, is `busy`, or is just being emitted.
 */
export abstract class ValueQueue<T, R, W extends WaitingValue<T> = WaitingValue<T>> {
  protected readonly subscriber: Subscriber<R>;
  /** What waits, the source, and what a subclass adds: torn down in this order. */
  protected readonly parts: Subscription = new Subscription();
  protected readonly waiting: Fifo<W> = new Fifo();
  protected readonly timeout: QueueTimeout<W>;
  /** Of who subscribed. */
  protected readonly context: CallerContext = new CallerContext();
  /** The subscriber's code runs, and may lead back here. */
  protected emitting = false;
  #count = 0;
  #sourceEnded = false;

  /** @param time - that each may wait, in the scheduler's ms; Infinity: for ever */
  constructor(subscriber: Subscriber<R>, time: number, scheduler?: SchedulerLike) {
    this.subscriber = subscriber;
    this.timeout = new QueueTimeout(
      time,
      () => this.waiting.peek(),
      (first) => this.context.tell(() => this.#timeIsUp(first)),
      scheduler,
    );
  }

  run(source: Observable<T>): void {
    this.parts.add(() => this.end());
    this.subscriber.add(this.parts);
    attach(source, this.parts, {
      next: (value) => this.arrive(value, this.#count++),
      error: (error) => this.fail(error),
      complete: () => {
        this.#sourceEnded = true;
        this.completeIfDone();
      },
    });
  }

  protected abstract arrive(value: T, index: number): void;

  /** A value waits no longer, but has not gone on either. */
  protected get busy(): boolean {
    return false;
  }

  /** After this and whatever came meanwhile, `completeIfDone` is to be called. */
  protected emit(result: R): void {
    this.emitting = true;
    emitTo(this.subscriber, result);
    this.emitting = false;
  }

  protected completeIfDone(): void {
    const done = this.#sourceEnded && this.waiting.size === 0 && !this.busy && !this.emitting;
    if (done && !this.parts.closed) this.complete();
  }

  protected complete(): void {
    this.subscriber.complete();
  }

  protected fail(error: unknown): void {
    tearDown(this.parts);
    this.subscriber.error(error);
  }

  /** The subscription ends by what that throws, as a Gate that cannot be read: the value would stay the first for ever. */
  #timeIsUp(first: W): void {
    try {
      this.timedOut(first);
    } catch (error) {
      if (this.parts.closed) throw error;
      this.fail(error);
    }
  }

  /** The first value has waited for as long as it may. */
  protected timedOut({ index, value }: W): void {
    this.fail(withValue(timedOut(`value ${index}`, this.timeout.time), index, value));
  }

  /** The subscription is over: nobody waits any more. */
  protected end(): void {
    this.waiting.clear();
    this.timeout.stop();
  }
}
