import { type Observable, type Subscriber, Subscription } from 'rxjs';
import { ThreadError } from '../../errors.js';
import { Pulling } from '../../pool/jobs/pulling.js';
import { attach, tearDown } from '../parts/attached.js';
import { toValueError } from '../parts/value-error.js';
import { type Backlog, PlainBacklog } from './backlog.js';
import { Dispatcher } from './dispatcher.js';
import { KeyedBacklog } from './lanes.js';
import type { Mapping } from './map-options.js';
import { Pulled } from './pulled.js';
import { MapResults, Part } from './results.js';

/** After so many values without a turn of the event loop, results are looked for: see decision 31. */
const LOOK_EVERY = 256;
/** How far a source is pulled ahead where no `buffer` says so: what fills the batches of many workers. */
const PULLED_AHEAD = 4096;

/**
 * One subscription of a threadMap.
 *
 * A value: in the backlog -the dispatcher, in a batch-> with a session -its worker-> taken up -> mapped -> passed on.
 * with a session -it waits there too long, or the worker dies-> in the backlog.
 * Invariant: each value that has come and is not passed on is in the backlog, in one part of the results, or held by the
 * dispatcher's losses; `#kept` counts them all.
 */
export class MapRun {
  readonly #subscriber: Subscriber<unknown>;
  readonly #mapping: Mapping;
  readonly #source = new Subscription();
  readonly #backlog: Backlog;
  readonly #results: MapResults;
  readonly #dispatcher: Dispatcher;
  #pulling: Pulling<unknown> | undefined;
  #buffer: number;
  #kept = 0;
  #dropped = 0;
  #sourceEnded = false;
  #sinceLook = 0;

  constructor(subscriber: Subscriber<unknown>, mapping: Mapping) {
    this.#subscriber = subscriber;
    this.#mapping = mapping;
    this.#buffer = mapping.buffer ?? Number.POSITIVE_INFINITY;
    this.#backlog = mapping.key === undefined ? new PlainBacklog() : new KeyedBacklog(mapping.key);
    this.#results = new MapResults(subscriber, mapping.ordered, {
      failed: (index) => this.#dropFrom(index),
      left: (values) => {
        this.#kept -= values;
      },
      passed: () => {
        this.#pulling?.pull();
        this.#completeIfDone();
      },
    });
    this.#dispatcher = new Dispatcher(mapping, this.#backlog, this.#results);
  }

  run(source: Observable<unknown>): void {
    this.#subscriber.add(this.#source);
    this.#subscriber.add(() => this.#dispatcher.stop());
    const { overflow = 'pause' } = this.#mapping;
    if (source instanceof Pulled && overflow === 'pause') this.#pull(source);
    else
      attach(source, this.#source, {
        next: (value) => this.#arrive(value),
        error: (error) => this.#subscriber.error(error),
        complete: () => this.#complete(),
      });
  }

  #pull({ pullable }: Pulled<unknown>): void {
    this.#buffer = this.#mapping.buffer ?? PULLED_AHEAD;
    try {
      this.#pulling = new Pulling(pullable, {
        hasRoom: () => this.#kept < this.#buffer,
        next: (value) => this.#arrive(value),
        error: (error) => this.#subscriber.error(error),
        complete: () => this.#complete(),
      });
    } catch (error) {
      this.#subscriber.error(error);
      return;
    }
    const pulling = this.#pulling;
    this.#source.add(() => pulling.stop());
    this.#dispatcher.expect(this.#buffer);
    pulling.pull();
  }

  #arrive(value: unknown): void {
    const { pool } = this.#mapping;
    if (pool.closed)
      this.#refuse(
        value,
        new ThreadError(`${pool.name} is closed: it takes no more values`, { code: 'ERR_POOL' }),
      );
    else if (this.#kept >= this.#buffer) this.#overflow(value);
    else {
      const pushed = this.#results.call(() => {
        this.#backlog.push(value);
        return true;
      });
      if (pushed !== true) return;
      this.#kept++;
      // A source that never lets the event loop turn can only be cut by results that are received here.
      if (++this.#sinceLook < LOOK_EVERY) this.#dispatcher.dispatchSoon();
      else this.#lookNow();
    }
  }

  /** Fails as this value, once the results of those before it have been passed on. */
  #refuse(value: unknown, error: ThreadError): void {
    const first = this.#backlog.next;
    const part = new Part({ first, values: [value] });
    part.fail(toValueError(error, first, value));
    this.#results.add(part);
  }

  #overflow(value: unknown): void {
    const { overflow, onDrop, name } = this.#mapping;
    if (overflow === 'drop') {
      this.#dropped++;
      if (onDrop !== undefined) this.#results.call(() => onDrop(value, this.#dropped));
      return;
    }
    const message = `the source of ${name} is ahead by more than its buffer of ${this.#buffer} values: what can be pulled waits, as pulled(iterable)`;
    this.#refuse(value, new ThreadError(message, { code: 'ERR_BUFFER_FULL' }));
  }

  #lookNow(): void {
    this.#sinceLook = 0;
    this.#dispatcher.dispatch();
    this.#dispatcher.drain();
  }

  #dropFrom(index: number): void {
    this.#sourceEnded = true;
    tearDown(this.#source);
    this.#backlog.cut(index);
    this.#dispatcher.dropFrom(index);
  }

  #complete(): void {
    this.#sourceEnded = true;
    this.#dispatcher.expect(0);
    this.#completeIfDone();
  }

  #completeIfDone(): void {
    if (!this.#sourceEnded || this.#backlog.size > 0 || this.#dispatcher.holds) return;
    if (this.#results.empty) this.#subscriber.complete();
  }
}
