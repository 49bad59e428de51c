import { Observable } from 'rxjs';
import type { RunOptions } from '../pool/jobs/thread-pool.js';
import { checkGrace, stopThread } from '../pool/thread/stop-thread.js';
import { Thread } from '../pool/thread/thread.js';
import { checkThreadOptions, type ThreadOptions } from '../pool/thread/thread-options.js';
import { checkOptions, checkSignal, show } from '../primitives/options.js';
import { checkTarget, type Emitted, type Target } from '../primitives/target.js';
import { checkPool, type PoolLike } from './parts/check-pool.js';

export interface RunInThreadOptions extends RunOptions {
  /** Default: an elastic pool in which a thread never waits for another to end. */
  pool?: PoolLike;
}

/**
 * Cold: a thread a subscription. Emits what the target returns, or every value of what it streams, with back-pressure,
 * and ends as the target ends.
 *
 * Unsubscribing, or aborting `signal`, drops a thread that is still queued; one that runs is cancelled, and its worker
 * is killed when it has not ended after `grace` ms. What moves there (`transferList`, `transfer`) can be sent once:
 * subscribing again is a TypeError.
 *
 * @throws TypeError, RangeError at the call; ThreadError as the Observable's error, for a pool that is closed or full
 * @example
 * runInThread(jobs.countPrimes, [1e7]).subscribe(console.log)
 */
export function runInThread<A extends readonly unknown[], R>(
  target: Target<A, R>,
  args?: readonly [...A],
  options?: RunInThreadOptions,
): Observable<Emitted<R>> {
  checkTarget(target);
  checkOptions(options);
  const signal = checkSignal(options);
  const grace = checkGrace(options?.grace);
  const { pool, name, transferList, onProgress } = options ?? {};
  if (pool !== undefined) checkPool(pool);
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw new TypeError(`onProgress must be a function, got ${show(onProgress)}`);
  const described = {
    target,
    ...(args && { args }),
    ...(pool && { pool }),
    ...(name !== undefined && { name }),
    ...(transferList && { transferList }),
  };
  checkThreadOptions(described as unknown as ThreadOptions<readonly unknown[], unknown>);
  return new Observable((subscriber) => {
    if (signal?.aborted === true) return subscriber.error(signal.reason);
    const thread = new Thread<R>(described);
    if (onProgress !== undefined) subscriber.add(thread.progress$.subscribe(onProgress));
    // What it throws is the Observable's error.
    thread.start();
    const aborted = (): void => subscriber.error(signal?.reason);
    signal?.addEventListener('abort', aborted, { once: true });
    subscriber.add(() => {
      signal?.removeEventListener('abort', aborted);
      stopThread(thread as Thread<never>, grace);
    });
    return thread.output$.subscribe(subscriber);
  });
}
