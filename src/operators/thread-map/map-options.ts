import type { ThreadPool } from '../../pool/jobs/thread-pool.js';
import { MAP_OPTIONS, type MapOptions } from '../../pool/thread/map-options.js';
import { checkCount, checkTimeout, show } from '../../primitives/options.js';
import type { Target } from '../../primitives/target.js';
import type { JobRunner } from '../parts/job-runner.js';
import { checkPooled, type Pooled } from '../parts/pooled-options.js';

/** Where `threadMap` maps, and what becomes of what finds no room. */
export interface ThreadMapOptions<T = unknown> extends MapOptions<T> {
  /**
   * Default: a pool of `availableParallelism()` workers, one for all of the process. In one that runs jobs elsewhere, such as
   * a RemotePool, each value is a job: the target is an export of a module, of what it streams the last value is the result,
   * `concurrency` (default 64) jobs are in its queue at once, and `batch`, `key`, `onError` and `overflow` are not known.
   */
  pool?: ThreadPool | JobRunner | undefined;
  /**
   * The most values that may be here, or with workers, whose results have not been passed on. Default: any number; of a
   * `pulled` source 4096.
   */
  buffer?: number | undefined;
  /**
   * When the buffer is full: `'pause'`, only of a source that is `pulled`, asks for no more; `'error'` fails as the value
   * that found no room, with ERR_BUFFER_FULL; `'drop'` drops that value. Default: 'pause' if that can be, else 'error'.
   *
   * @example
   * let dropped = 0;
   * range(0, 100)
   *   .pipe(
   *     threadMap((n: number) => n, { buffer: 10, overflow: 'drop', onDrop: (_, count) => { dropped = count; } }),
   *   )
   *   .subscribe({ complete: () => console.log(dropped) }); // prints 90
   */
  overflow?: 'pause' | 'error' | 'drop' | undefined;
  /** Called with a value that is dropped, and how many have been by now. */
  onDrop?: ((value: T, dropped: number) => void) | undefined;
}

const THREAD_MAP_OPTIONS: readonly string[] = [
  ...MAP_OPTIONS,
  ...(['pool', 'overflow', 'onDrop'] satisfies (keyof ThreadMapOptions)[]),
];
const OVERFLOWS: readonly unknown[] = ['pause', 'error', 'drop'] satisfies Overflow[];

/** What becomes of a value that failed. */
export type Verdict = 'fail' | 'skip' | 'retry';

/** A user's `onError`. */
export type OnError = (error: Error, value: unknown, attempt: number) => Verdict;

/** What a threadMap does with its values, and where. */
export interface Mapping extends Pooled<ThreadPool> {
  /** Batches in flight: each maps one value at a time. */
  readonly concurrency: number;
  /** Values in each; undefined: as many as take about a millisecond. */
  readonly batch: number | undefined;
  readonly ordered: boolean;
  /** How many values may be here whose results have not been passed on; undefined: any number. */
  readonly buffer: number | undefined;
  /** What is done about one more; undefined: 'pause' where the source can be pulled, and otherwise 'error'. */
  readonly overflow: Overflow | undefined;
  readonly onDrop: ((value: unknown, dropped: number) => void) | undefined;
  readonly key: ((value: unknown) => unknown) | undefined;
  readonly onError: OnError | undefined;
  /** ms, of a value, from when its worker begins with it; Infinity: as long as it takes. */
  readonly timeout: number;
  readonly onProgress: ((progress: unknown, value: unknown, index: number) => void) | undefined;
}

export type Overflow = 'pause' | 'error' | 'drop';

/** What was asked for, checked; the pool, and what depends on it, is chosen when somebody subscribes. */
export interface CheckedMap extends Pooled, Omit<Mapping, 'pool' | 'concurrency'> {
  readonly concurrency: number | undefined;
}

/** @throws TypeError, RangeError showing the value; ThreadError for a closed pool */
export function checkMap<T>(
  target: Target<[T], unknown>,
  options: ThreadMapOptions<T> | undefined,
): CheckedMap {
  const pooled = checkPooled('threadMap', target, options, THREAD_MAP_OPTIONS);
  const { concurrency, ordered = true, batch, buffer, overflow, timeout } = options ?? {};
  if (typeof ordered !== 'boolean') throw new TypeError(`ordered must be a boolean, got ${show(ordered)}`);
  if (concurrency !== undefined && concurrency !== Number.POSITIVE_INFINITY)
    checkCount('concurrency', concurrency, 1, 2 ** 31);
  if (batch !== undefined) checkCount('batch', batch, 1, 2 ** 31);
  if (buffer !== undefined) checkCount('buffer', buffer, 1, 2 ** 31);
  if (overflow !== undefined && !OVERFLOWS.includes(overflow))
    throw new TypeError(`overflow must be 'pause', 'error' or 'drop', got ${show(overflow)}`);
  if (overflow !== undefined && overflow !== 'pause' && buffer === undefined)
    throw new TypeError(`overflow needs a buffer, got ${show({ overflow })}`);
  const onDrop = checkFunction('onDrop', options?.onDrop);
  if (onDrop !== undefined && overflow !== 'drop')
    throw new TypeError(`onDrop needs overflow: 'drop', got ${show({ overflow })}`);
  return {
    ...pooled,
    concurrency,
    ordered,
    batch,
    buffer,
    overflow,
    onDrop,
    key: checkFunction('key', options?.key),
    onError: checkFunction('onError', options?.onError) as OnError | undefined,
    timeout: checkTimeout(timeout),
    onProgress: checkFunction('onProgress', options?.onProgress),
  };
}

/** It will be called with values of the source, whose type is forgotten from here on. @throws TypeError */
export function checkFunction<A extends readonly unknown[], R>(
  what: string,
  given: ((...args: A) => R) | undefined,
): ((...args: { [K in keyof A]: unknown }) => R) | undefined {
  if (given !== undefined && typeof given !== 'function')
    throw new TypeError(`${what} must be a function, got ${show(given)}`);
  return given as ((...args: { [K in keyof A]: unknown }) => R) | undefined;
}
