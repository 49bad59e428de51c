import {
  asapScheduler,
  from,
  type Observable,
  type ObservableInput,
  type Subscriber,
  type Unsubscribable,
} from 'rxjs';
import type { Hold, Holding } from '../../primitives/acquirable.js';
import { entryTo, type SectionEntry } from '../../primitives/section-entry.js';
import { currentScope, runIn, type Scope } from '../../primitives/waiting/section-scope.js';
import type { Settle } from '../../primitives/waiting/wait.js';
import { Attached, emitTo, tearDown } from './attached.js';
import { withValue } from './value-error.js';
import { ValueQueue, type WaitingValue } from './value-queue.js';

/** What to do with each value, and under which lock. */
export interface Section<T, R> {
  readonly lock: Holding;
  readonly project: (value: T, index: number) => ObservableInput<R>;
  /** ms; Infinity: for ever. */
  readonly timeout: number;
  readonly owner: object | undefined;
}

/**
 * One subscription's critical sections. One value at a time asks for the lock, so that values stay in order and wait in
 * a plain queue.
 *
 * A value: waiting -the lock is granted-> running -its inner subscription has ended-> gone.
 * Invariant: while a value waits and may run, `#asking`, or `#serve` is on the stack.
 */
export class Sections<T, R> extends ValueQueue<T, R> implements Settle<Hold> {
  readonly #project: (value: T, index: number) => ObservableInput<R>;
  readonly #entry: SectionEntry;
  /** The scope that the subscription was made in: results are emitted in it. */
  readonly #scope: Scope | undefined = currentScope();
  #asking = false;
  /** Leaves the wait for the lock, while that is pending. */
  #wait: Unsubscribable | undefined;
  #serving = false;
  #running = 0;
  /** The subscriber is told of the end; otherwise it is the subscriber who left. */
  #over = false;

  constructor(subscriber: Subscriber<R>, { lock, project, timeout, owner }: Section<T, R>) {
    super(subscriber, timeout);
    this.#project = project;
    this.#entry = entryTo(lock, owner, this);
  }

  override run(source: Observable<T>): void {
    super.run(source);
    // Added last, so that it runs when all is released and the end has been passed on.
    this.subscriber.add(() => this.#serveOthers());
  }

  protected override arrive(value: T, index: number): void {
    this.waiting.push({ value, index, due: this.timeout.due() });
    this.#serve();
  }

  /** Starts what can start now; what arrives or ends meanwhile is seen to by the loop. */
  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    while (this.waiting.size > 0 && this.#mayAsk()) this.#ask();
    this.#serving = false;
    this.timeout.watch();
  }

  #mayAsk(): boolean {
    return !this.#asking && (this.#running === 0 || this.#entry.shared);
  }

  #ask(): void {
    this.#asking = true;
    const wait = this.#entry.request(this.#scope);
    // `resolve` or `reject` may have been called already: then there is nothing to leave.
    if (!this.#asking) return;
    // A trace function that is told of the wait may have ended the subscription.
    if (this.parts.closed) wait?.unsubscribe();
    else this.#wait = wait;
  }

  /** Called by the wait when it has the lock, which is for the first value that waits. */
  resolve(held: Hold): void {
    this.#asking = false;
    this.#wait = undefined;
    const next = this.waiting.shift();
    if (next === undefined) held.release();
    else this.#enter(next, held);
    this.#serve();
  }

  reject(error: unknown): void {
    this.#asking = false;
    this.#wait = undefined;
    const first = this.waiting.peek();
    this.fail(first === undefined ? error : withValue(error, first.index, first.value));
  }

  #enter({ value, index }: WaitingValue<T>, held: Hold): void {
    let inner: Observable<R>;
    this.#running++;
    try {
      inner = from(this.#project(value, index));
    } catch (error) {
      this.leave(held, { error });
      return;
    }
    const running = new Running(this, held);
    // What is lost takes along what runs under it.
    const deaf = held.onLost?.((error) => running.error(withValue(error, index, value)));
    if (deaf !== undefined) running.add(deaf);
    running.attach(inner, this.parts);
  }

  /** Called by an inner subscription with each of its results. */
  pass(result: R): void {
    if (this.#scope === currentScope()) emitTo(this.subscriber, result);
    else runIn(this.#scope, () => emitTo(this.subscriber, result));
  }

  /** Called by an inner subscription once it is torn down, whatever for. */
  leave(held: Hold, failure: Failure | undefined): void {
    this.#running--;
    const left = this.parts.closed;
    // The source and the values that run are torn down before the lock can go to somebody else.
    if (failure !== undefined) tearDown(this.parts);
    try {
      held.release();
    } catch (error) {
      // The project's own code has released the lock.
      if (left) throw error;
      failure ??= { error };
    }
    if (failure !== undefined) this.fail(failure.error);
    if (left || failure !== undefined) return;
    this.completeIfDone();
    if (this.waiting.size > 0) this.context.run(() => this.#serve());
    if (!this.parts.closed) this.#entry.serve();
  }

  /**
   * Lets this thread's other waiters have the lock. Where the subscriber has left, not before its code is through: it may
   * be about to leave those waiters, too, which would otherwise only begin in order to be stopped. By RxJS's scheduler, so
   * that it is the same frame in a TestScheduler.
   */
  #serveOthers(): void {
    if (this.#over) this.#entry.serve();
    else asapScheduler.schedule(() => this.#entry.serve());
  }

  protected override get busy(): boolean {
    return this.#running > 0;
  }

  protected override timedOut(first: WaitingValue<T>): void {
    // The event loop may have been blocked since the lock was let go.
    this.#entry.serve();
    if (this.waiting.peek() === first) super.timedOut(first);
  }

  protected override complete(): void {
    this.#over = true;
    runIn(this.#scope, () => super.complete());
  }

  protected override fail(error: unknown): void {
    this.#over = true;
    tearDown(this.parts);
    runIn(this.#scope, () => super.fail(error));
  }

  /** Leaves the wait for the lock, before what runs is torn down and releases it. */
  protected override end(): void {
    super.end();
    const wait = this.#wait;
    this.#wait = undefined;
    wait?.unsubscribe();
  }
}

interface Failure {
  readonly error: unknown;
}

/** The inner subscription of a value that has the lock. */
class Running<T, R> extends Attached<R> {
  readonly #sections: Sections<T, R>;
  readonly #held: Hold;
  #failure: Failure | undefined;

  constructor(sections: Sections<T, R>, held: Hold) {
    super();
    this.#sections = sections;
    this.#held = held;
  }

  protected override onNext(result: R): void {
    this.#sections.pass(result);
  }

  protected override onError(error: unknown): void {
    this.#failure = { error };
  }

  protected override onComplete(): void {}

  /** As of concatMap the error of the value: what is thrown in here would leave the lock held. */
  protected override onThrown(error: unknown): void {
    this.#failure ??= { error };
  }

  protected override ended(): void {
    this.#sections.leave(this.#held, this.#failure);
  }
}
