import { type Observable, type Subscriber, Subscription } from 'rxjs';
import { Pulling } from '../../pool/jobs/pulling.js';
import { Fifo } from '../../pool/wire/fifo.js';
import { checkCount, checkMs, checkOptions, show } from '../../primitives/options.js';
import type { ModuleTarget, Target } from '../../primitives/target.js';
import { attach, emitTo } from '../parts/attached.js';
import { checkTravels, type JobRunner, type JobRunnerOptions } from '../parts/job-runner.js';
import { toValueError } from '../parts/value-error.js';
import { checkFunction, type ThreadMapOptions } from './map-options.js';
import { Pulled } from './pulled.js';

/** Those that are of use where each value is a job of its own. */
const JOB_MAP_OPTIONS: readonly string[] = [
  'pool',
  'concurrency',
  'buffer',
  'ordered',
  'grace',
  'timeout',
  'onProgress',
] satisfies (keyof ThreadMapOptions)[];

/** Jobs in the queue or running: enough for some machines, and no flood. */
const CONCURRENCY = 64;

/** A threadMap whose values are jobs of a JobRunner, checked. */
export interface JobMapping {
  readonly runner: JobRunner;
  readonly target: ModuleTarget;
  readonly concurrency: number;
  readonly ordered: boolean;
  /** Of a source that is pulled: how many of its values may be here. */
  readonly buffer: number;
  readonly options: JobRunnerOptions;
  readonly onProgress: ((progress: unknown, value: unknown, index: number) => void) | undefined;
}

/** @throws TypeError, RangeError showing the value */
export function checkJobMap<T>(target: Target, runner: JobRunner, options: ThreadMapOptions<T>): JobMapping {
  checkTravels(target, runner);
  checkOptions(options, JOB_MAP_OPTIONS);
  const { concurrency = CONCURRENCY, ordered = true, grace, timeout } = options;
  if (typeof ordered !== 'boolean') throw new TypeError(`ordered must be a boolean, got ${show(ordered)}`);
  checkCount('concurrency', concurrency, 1, 2 ** 31);
  const buffer =
    options.buffer === undefined ? concurrency * 2 : checkCount('buffer', options.buffer, 1, 2 ** 31);
  if (grace !== undefined) checkMs('grace', grace);
  if (timeout !== undefined) checkMs('timeout', timeout);
  const onProgress = checkFunction('onProgress', options.onProgress);
  return { runner, target, concurrency, ordered, buffer, options: { grace, timeout }, onProgress };
}

interface Waiting {
  readonly index: number;
  readonly value: unknown;
}

/**
 * One subscription of a threadMap whose values are jobs elsewhere.
 *
 * A value: waiting -fewer than `concurrency` run-> running -its job ends-> done -those before it are passed on, if ordered-> passed on.
 * Invariant: `#here` counts those that have come and are not passed on.
 */
export class JobMap {
  readonly #subscriber: Subscriber<unknown>;
  readonly #mapping: JobMapping;
  readonly #source = new Subscription();
  readonly #waiting = new Fifo<Waiting>();
  /** Results of values behind one that runs still, by index. */
  readonly #done = new Map<number, unknown>();
  #pulling: Pulling<unknown> | undefined;
  #count = 0;
  #here = 0;
  #running = 0;
  #next = 0;
  #filling = false;
  #sourceEnded = false;

  constructor(subscriber: Subscriber<unknown>, mapping: JobMapping) {
    this.#subscriber = subscriber;
    this.#mapping = mapping;
  }

  run(source: Observable<unknown>): void {
    this.#subscriber.add(this.#source);
    const taker = {
      hasRoom: () => this.#here < this.#mapping.buffer,
      next: (value: unknown) => this.#arrive(value),
      error: (error: unknown) => this.#subscriber.error(error),
      complete: () => {
        this.#sourceEnded = true;
        this.#completeIfDone();
      },
    };
    if (source instanceof Pulled) {
      try {
        this.#pulling = new Pulling(source.pullable, taker);
      } catch (error) {
        this.#subscriber.error(error);
        return;
      }
      const pulling = this.#pulling;
      this.#source.add(() => pulling.stop());
      pulling.pull();
    } else attach(source, this.#source, taker);
  }

  #arrive(value: unknown): void {
    this.#waiting.push({ index: this.#count++, value });
    this.#here++;
    this.#fill();
  }

  #fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    while (this.#running < this.#mapping.concurrency && !this.#subscriber.closed) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#begin(next);
    }
    this.#filling = false;
  }

  #begin({ index, value }: Waiting): void {
    const { runner, target, options, onProgress } = this.#mapping;
    const failed = (error: unknown): void => this.#subscriber.error(toValueError(error, index, value));
    this.#running++;
    let result: unknown;
    const job = new Subscription();
    this.#subscriber.add(job);
    try {
      const told = {
        ...options,
        ...(onProgress && { onProgress: (one: unknown) => onProgress(one, value, index) }),
      };
      job.add(
        runner.run(target, [value], told).subscribe({
          next: (one) => {
            result = one;
          },
          error: failed,
          complete: () => {
            this.#subscriber.remove(job);
            this.#running--;
            this.#ended(index, result);
          },
        }),
      );
    } catch (error) {
      failed(error);
    }
  }

  #ended(index: number, result: unknown): void {
    if (this.#mapping.ordered) {
      this.#done.set(index, result);
      while (this.#done.has(this.#next) && !this.#subscriber.closed) {
        const one = this.#done.get(this.#next);
        this.#done.delete(this.#next++);
        this.#pass(one);
      }
    } else this.#pass(result);
    this.#fill();
    this.#pulling?.pull();
    this.#completeIfDone();
  }

  #pass(result: unknown): void {
    this.#here--;
    emitTo(this.#subscriber, result);
  }

  #completeIfDone(): void {
    if (this.#sourceEnded && this.#here === 0) this.#subscriber.complete();
  }
}
