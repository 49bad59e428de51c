import { Observable, type OperatorFunction } from 'rxjs';
import { defaultPool } from '../pool/jobs/default-pool.js';
import { setMapper } from '../pool/jobs/mapper.js';
import type { Emitted, Target } from '../primitives/target.js';
import { isJobRunner } from './parts/job-runner.js';
import { checkJobMap, JobMap } from './thread-map/job-map.js';
import { checkMap, type ThreadMapOptions } from './thread-map/map-options.js';
import { MapRun } from './thread-map/map-run.js';
import { Pulled, pulled } from './thread-map/pulled.js';

export type { ThreadMapOptions } from './thread-map/map-options.js';
export { pulled } from './thread-map/pulled.js';

/**
 * `map` on other threads. What the target streams (an Observable, AsyncIterable or generator) is flattened, in the
 * place of its value. Small values travel together; what waits behind a slow one goes to another worker. What is marked
 * with `transfer` moves, and stays with the worker it went to.
 *
 * A value whose target fails is the Observable's error, after the results before it when ordered: the error as it was
 * thrown, whose `cause` is `{ index, value, cause }` with the cause it had itself. So does the value that a worker was
 * mapping when it died; what was behind it is mapped elsewhere, and so is what the worker had no time to tell. `onError`
 * may skip it or have it mapped again instead.
 *
 * A source that is faster is kept without limit, as in `mergeMap`, or up to `buffer`; one that is `pulled` waits. One that
 * never lets the event loop turn is cut all the same when what comes of its values ends the subscription, in a pool that
 * has a worker (`minThreads` above 0).
 *
 * Unsubscribing tells what is pulled to return, drops what waits, cancels what runs, and kills its worker when that has not
 * ended after `grace` ms, asynchronous or not. Source: RxJS, `map`, and CPython, `concurrent.futures.Executor.map`.
 *
 * @throws at the call: TypeError for a target or an option that is none, RangeError for a number out of range, ThreadError
 * for a closed pool. At `pipe`: TypeError for overflow 'pause' of a source that is not `pulled`. As the Observable's error:
 * ThreadError when the pool is closed later, or its queue or the `buffer` is full; RxJS's TimeoutError; what `key` and the
 * callbacks throw
 * @example
 * of('a', 'bb', 'ccc')
 *   .pipe(threadMap((text) => text.length, { concurrency: 2 }))
 *   .subscribe((length) => console.log(length)); // prints 1, then 2, then 3
 */
export function threadMap<T, R>(
  target: Target<[T], R>,
  options?: ThreadMapOptions<T>,
): OperatorFunction<T, Emitted<R>> {
  const runner = options?.pool;
  if (isJobRunner(runner)) {
    const mapping = checkJobMap(target as Target, runner, options ?? {});
    return (source) =>
      new Observable<unknown>((subscriber) => new JobMap(subscriber, mapping).run(source)) as Observable<
        Emitted<R>
      >;
  }
  const checked = checkMap(target, options);
  return (source) => {
    if (checked.overflow === 'pause' && !(source instanceof Pulled))
      throw new TypeError('only a source that is pulled can pause: pulled(iterable), right before threadMap');
    return new Observable((subscriber) => {
      const pool = checked.pool ?? defaultPool();
      const concurrency = checked.concurrency ?? pool.maxThreads * 2;
      new MapRun(subscriber, { ...checked, pool, concurrency }).run(source);
    });
  };
}

setMapper((iterable, target, options) => pulled(iterable).pipe(threadMap(target, options)));
