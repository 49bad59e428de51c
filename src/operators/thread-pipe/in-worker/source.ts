import { Observable, type Subscriber } from 'rxjs';
import type { BatchSender } from '../../../pool/wire/batch-sender.js';
import { Fifo } from '../../../pool/wire/fifo.js';
import { nextTurn, now } from '../../../primitives/waiting/event-loop.js';
import { apart } from '../../../primitives/waiting/unheard.js';

/** ms after which the event loop gets a turn, so that the thread hears of a cancel. */
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

  /** @param taken - called with how many values the pipeline has been given: as many more may be sent */
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
      // Who subscribes because of this value gets the next one first.
      for (const subscriber of [...this.#subscribers]) {
        // One that is fed before may have had it leave.
        if (!subscriber.closed) subscriber.next(value);
        // A subscriber that is fed within its own subscribe call may be closed before its teardown is known here.
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
    const end = this.#end;
    for (const subscriber of this.#subscribers)
      apart(() => {
        if (end.failed) subscriber.error(end.error);
        else subscriber.complete();
      });
  }
}
