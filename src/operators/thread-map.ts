import { Observable, type OperatorFunction } from 'rxjs';
import { defaultPool } from '../pool/jobs/default-pool.js';
import type { ThreadPool } from '../pool/jobs/thread-pool.js';
import { checkCount, show } from '../primitives/options.js';
import type { Emitted, Target } from '../primitives/target.js';
import { checkPooled } from './parts/pooled-options.js';
import { MapRun } from './thread-map/map-run.js';

/** Where `threadMap` maps, how much at once, and in which order. */
export interface ThreadMapOptions {
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
}

/**
 * `map` on other threads. What the target streams (an Observable, AsyncIterable or generator) is flattened, in the
 * place of its value. Small values travel together; what waits behind a slow one goes to another worker. What is marked
 * with `transfer` moves, and stays with the worker it went to.
 *
 * A value whose target fails is the Observable's error, after the results before it when ordered: the error as it was
 * thrown, whose `cause` is `{ index, value, cause }` with the cause it had itself. So does the value that a worker was
 * mapping when it died; what was behind it is mapped elsewhere, and so is what the worker had no time to tell.
 *
 * A source that is faster is kept without limit, as in `mergeMap`. One that never lets the event loop turn is cut all the
 * same when what comes of its values ends the subscription, in a pool that has a worker (`minThreads` above 0).
 *
 * Unsubscribing drops what waits, cancels what runs, and kills its worker when it has not ended after `grace` ms. Source:
 * RxJS, `map`, and CPython, `concurrent.futures.Executor.map`.
 *
 * @throws at the call: TypeError for a target that is none, RangeError for a concurrency or batch below 1, ThreadError
 * for a closed pool. As the Observable's error: ThreadError when the pool is closed later, or its queue is full
 * @example
 * of('a', 'bb', 'ccc')
 *   .pipe(threadMap((text) => text.length, { concurrency: 2 }))
 *   .subscribe((length) => console.log(length)); // prints 1, then 2, then 3
 */
export function threadMap<T, R>(
  target: Target<[T], R>,
  options?: ThreadMapOptions,
): OperatorFunction<T, Emitted<R>> {
  const pooled = checkPooled('threadMap', target, options);
  const { concurrency, ordered = true, batch } = options ?? {};
  if (typeof ordered !== 'boolean') throw new TypeError(`ordered must be a boolean, got ${show(ordered)}`);
  if (concurrency !== undefined && concurrency !== Number.POSITIVE_INFINITY)
    checkCount('concurrency', concurrency, 1, 2 ** 31);
  if (batch !== undefined) checkCount('batch', batch, 1, 2 ** 31);
  return (source) =>
    new Observable((subscriber) => {
      const pool = pooled.pool ?? defaultPool();
      const mapping = { ...pooled, pool, concurrency: concurrency ?? pool.maxThreads * 2, batch };
      new MapRun(subscriber, mapping, ordered).run(source);
    });
}
