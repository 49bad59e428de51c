import type { ThreadPool } from '../../pool/jobs/thread-pool.js';
import { checkCount, checkTimeout, show } from '../../primitives/options.js';
import type { Target } from '../../primitives/target.js';
import { checkPooled, type Pooled } from '../parts/pooled-options.js';

/** Where `threadMap` maps, how much at once, in which order, and what becomes of what fails or finds no room. */
export interface ThreadMapOptions<T = unknown> {
  /** Default: a pool of `availableParallelism()` workers, one for all of the process. */
  pool?: ThreadPool | undefined;
  /** Values being mapped at once; default: twice the pool's workers. The source's surplus is buffered. */
  concurrency?: number | undefined;
  /** Default true: results in source order. false: as they come. */
  ordered?: boolean | undefined;
  /** Values sent to a worker in one message, mapped one after the other; default: adapts to how long one takes. */
  batch?: number | undefined;
  /** ms between asking what runs to stop and killing its worker. Default 1000; Infinity: never killed. */
  grace?: number | undefined;
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
  /**
   * What a value belongs to, compared as by a Map: values of one key are mapped in order, one after the other, in one worker
   * at a time, and those of different keys side by side. Nothing is kept of a key that has no values here.
   *
   * @example
   * of('a1', 'b1', 'a2')
   *   .pipe(threadMap((entry: string) => entry.toUpperCase(), { key: (entry) => entry[0] }))
   *   .subscribe((entry) => console.log(entry)); // prints A1, then B1, then A2
   */
  key?: ((value: T) => unknown) | undefined;
  /**
   * Called at once when a value fails, with how often it has, and says what becomes of it: `'fail'`, the default, ends the
   * subscription with the error; `'skip'` goes on without a result of it; `'retry'` maps it again, in its place. What moved
   * or cannot be sent is not retried, it fails. Of a stream that fails, what has been passed on remains.
   *
   * @example
   * of('[1]', '[2', '[3]')
   *   .pipe(
   *     threadMap((text: string) => JSON.parse(text)[0] as number, {
   *       onError: (_, __, attempt) => (attempt < 3 ? 'retry' : 'skip'),
   *     }),
   *   )
   *   .subscribe((n) => console.log(n)); // prints 1, then 3
   */
  onError?: ((error: Error, value: T, attempt: number) => 'fail' | 'skip' | 'retry') | undefined;
  /**
   * ms that a value may take, from when its worker begins with it until all its results are sent. Then it has failed, with
   * RxJS's TimeoutError; its thread is cancelled, and killed when it has not ended after `grace`. What else that worker was
   * mapping, and the value if it is retried, waits for that end and is mapped again. Default: as long as it takes.
   *
   * @example
   * of(1, 2)
   *   .pipe(threadMap((n: number) => { while (n === 2); return n; }, { timeout: 100, grace: 0 }))
   *   .subscribe({
   *     next: (n) => console.log(n), // prints 1, then TimeoutError
   *     error: ({ name }) => console.log(name),
   *   });
   */
  timeout?: number | undefined;
  /**
   * Called with what the target reports by `reportProgress`, for which value and its index, in order and before the
   * value's result.
   *
   * @example
   * const copy = async (file: string) => {
   *   const { reportProgress } = await import('rxjs-threading');
   *   reportProgress(50);
   *   return `${file} copied`;
   * };
   * of('a.txt')
   *   .pipe(threadMap(copy, { onProgress: (percent, file) => console.log(`${file}: ${percent} %`) }))
   *   .subscribe((told) => console.log(told)); // prints a.txt: 50 %, then a.txt copied
   */
  onProgress?: ((progress: unknown, value: T, index: number) => void) | undefined;
}

const MAP_OPTIONS: readonly string[] = [
  'pool',
  'concurrency',
  'ordered',
  'batch',
  'grace',
  'buffer',
  'overflow',
  'onDrop',
  'key',
  'onError',
  'timeout',
  'onProgress',
] satisfies (keyof ThreadMapOptions)[];
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
  const pooled = checkPooled('threadMap', target, options, MAP_OPTIONS);
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
function checkFunction<A extends readonly unknown[], R>(
  what: string,
  given: ((...args: A) => R) | undefined,
): ((...args: { [K in keyof A]: unknown }) => R) | undefined {
  if (given !== undefined && typeof given !== 'function')
    throw new TypeError(`${what} must be a function, got ${show(given)}`);
  return given as ((...args: { [K in keyof A]: unknown }) => R) | undefined;
}
