import { Observable, type ObservableInput, type OperatorFunction } from 'rxjs';
import type { JobPool } from '../pool/thread/job-pool.js';
import type { Target } from '../primitives/target.js';
import { checkPooled } from './parts/pooled-options.js';
import { PipeRun } from './thread-pipe/pipe-run.js';

export interface ThreadPipeOptions {
  /** Default: an elastic pool in which a thread never waits for another to end. */
  pool?: JobPool;
  /** ms between asking the thread to stop and killing its worker. Default 1000; Infinity: never killed. */
  grace?: number;
}

/**
 * A whole pipeline in one thread, a thread a subscription: the target gets the source as an Observable and returns what
 * is to be emitted; what its operators keep (scan, distinctUntilChanged) lives there. Values go in and out in batches,
 * neither side more than some thousands ahead of the other; the rest of a faster source is buffered here, and the source
 * inside waits while nobody takes what its pipeline emits. What is marked with `transfer` moves, in both directions.
 *
 * Inside, the source emits while somebody subscribes to it: nothing is lost between a subscription and the next. An
 * inline target that is async may import its operators and return its pipeline then. Completion and errors go through
 * in both directions, errors as they were thrown.
 *
 * Unsubscribing tears the source down and cancels the thread, or drops it from the pool's queue; its worker is killed
 * when it has not ended after `grace` ms.
 *
 * @throws at the call: TypeError for a target that is none, ThreadError for a closed pool. As the Observable's error:
 * ThreadError when no thread can be had, or it dies
 * @example
 * ticks.pipe(threadPipe(jobs.indicators)) // export const indicators = (source) => source.pipe(scan(…), map(…))
 */
export function threadPipe<T, R>(
  target: Target<[Observable<T>], ObservableInput<R>>,
  options?: ThreadPipeOptions,
): OperatorFunction<T, R> {
  const pooled = checkPooled('threadPipe', target as Target, options, ['pool', 'grace']);
  return (source) =>
    new Observable((subscriber) => {
      new PipeRun<R>(subscriber, pooled).run(source);
    });
}
