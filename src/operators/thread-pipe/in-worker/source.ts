import { Observable, type Subscriber } from 'rxjs';
import type { BatchSender } from '../../../pool/wire/batch-sender.js';
import { nextTurn, now } from '../../../primitives/waiting/event-loop.js';
import { Fifo } from '../../parts/fifo.js';

/** The event loop turns at least so often, in ms. */
const TURN_EVERY = 10;

/** How the source ended. */
type End = { readonly failed: false } | { readonly failed: true; readonly error: unknown };

/**
 * The source of a threadPipe inside its thread. Values wait while nobody has subscribed, and while what the pipeline
 * emits has no room; each goes to all that subscribe then.
 */
export class PipeFeed {
  readonly #output: BatchSender;
  readonly #taken: (values: number) => void;
  readonly #waiting = new Fifo<unknown>();
  readonly #subscribers = new Set<Subscriber<unknown>>();
  #end: End | undefined;
  #flowing = false;
  #stopped = false;

  /** @param taken - so many values were */
  constructor(output: BatchSender, taken: (values: number) => void) {
    this.#output = output;
    this.#taken = taken;
  }

  readonly source$: Observable<unknown> = new Observable((subscriber) => {
    this.#subscribers.add(subscriber);
    this.#flow();
    return () => this.#subscribers.delete(subscriber);
  });

  push(values: readonly unknown[]): void {
    for (const value of values) this.#waiting.push(value);
    this.#flow();
  }

  end(end: End): void {
    this.#end = end;
    this.#flow();
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
  }

  #flow(): void {
    if (this.#flowing || this.#stopped) return;
    this.#flowing = true;
    const until = now() + TURN_EVERY;
    let taken = 0;
    let pause: ((go: () => void) => void) | undefined;
    while (this.#waiting.size > 0 && this.#subscribers.size > 0 && pause === undefined) {
      const value = this.#waiting.shift();
      taken++;
      // Not those that subscribe because of it.
      for (const subscriber of [...this.#subscribers]) {
        subscriber.next(value);
        // One that is fed while it still subscribes may have had enough before its teardown is known.
        if (subscriber.closed) this.#subscribers.delete(subscriber);
      }
      if (!this.#output.hasRoom) pause = (go) => void this.#output.untilRoom().then(go);
      else if (now() > until) pause = nextTurn;
    }
    if (taken > 0 && !this.#stopped) this.#taken(taken);
    if (pause !== undefined) {
      pause(() => {
        this.#flowing = false;
        this.#flow();
      });
      return;
    }
    this.#flowing = false;
    if (this.#end === undefined || this.#waiting.size > 0) return;
    for (const subscriber of [...this.#subscribers]) {
      if (this.#end.failed) subscriber.error(this.#end.error);
      else subscriber.complete();
    }
  }
}
