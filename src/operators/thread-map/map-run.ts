import { type Observable, type Subscriber, Subscription } from 'rxjs';
import { ThreadError } from '../../errors.js';
import { attach } from '../parts/attached.js';
import { Backlog } from './backlog.js';
import { Dispatcher } from './dispatcher.js';
import { MapResults, Part } from './results.js';
import type { Mapping } from './sessions.js';

/** After so many values without a turn of the event loop, results are looked for: see decision 31. */
const LOOK_EVERY = 256;

/**
 * One subscription of a threadMap.
 *
 * A value: in the backlog -the dispatcher, in a batch-> with a session -its worker-> taken up -> mapped -> passed on.
 * with a session -it waits there too long, or the worker dies-> in the backlog.
 * Invariant: each value that has come and is not passed on is in the backlog or in one part of the results.
 */
export class MapRun {
  readonly #subscriber: Subscriber<unknown>;
  readonly #mapping: Mapping;
  readonly #source = new Subscription();
  readonly #backlog = new Backlog();
  readonly #results: MapResults;
  readonly #dispatcher: Dispatcher;
  #sourceEnded = false;
  #sinceLook = 0;

  constructor(subscriber: Subscriber<unknown>, mapping: Mapping, ordered: boolean) {
    this.#subscriber = subscriber;
    this.#mapping = mapping;
    this.#results = new MapResults(subscriber, ordered, {
      failed: (index) => this.#dropFrom(index),
      passed: () => this.#completeIfDone(),
    });
    this.#dispatcher = new Dispatcher(mapping, this.#backlog, this.#results);
  }

  run(source: Observable<unknown>): void {
    this.#subscriber.add(this.#source);
    this.#subscriber.add(() => this.#dispatcher.stop());
    attach(source, this.#source, {
      next: (value) => this.#arrive(value),
      error: (error) => this.#subscriber.error(error),
      complete: () => {
        this.#sourceEnded = true;
        this.#completeIfDone();
      },
    });
  }

  #arrive(value: unknown): void {
    const { pool } = this.#mapping;
    if (pool.closed) {
      const error = new ThreadError(`${pool.name} is closed: it takes no more values`, { code: 'ERR_POOL' });
      this.#results.add(Part.failed(this.#backlog.next, value, error));
      return;
    }
    this.#backlog.push(value);
    // A source that never lets the event loop turn can only be cut by results that are received here.
    if (++this.#sinceLook < LOOK_EVERY) this.#dispatcher.dispatchSoon();
    else this.#lookNow();
  }

  #lookNow(): void {
    this.#sinceLook = 0;
    this.#dispatcher.dispatch();
    this.#dispatcher.drain();
  }

  #dropFrom(index: number): void {
    this.#sourceEnded = true;
    this.#source.unsubscribe();
    this.#backlog.cut(index);
    this.#dispatcher.dropFrom(index);
  }

  #completeIfDone(): void {
    if (this.#sourceEnded && this.#backlog.size === 0 && this.#results.empty) this.#subscriber.complete();
  }
}
