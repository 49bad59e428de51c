import { Observable, type ObservableInput, type OperatorFunction } from 'rxjs';
import type { ThreadPool } from '../pool/jobs/thread-pool.js';
import type { Target } from '../primitives/target.js';
import { checkPooled } from './parts/pooled-options.js';
import { PipeRun } from './thread-pipe/pipe-run.js';

/** Where `threadPipe` runs its pipeline. */
export interface ThreadPipeOptions {
  /** Default: an elastic pool in which a thread never waits for another to end. */
  pool?: ThreadPool | undefined;
  /** ms between asking the thread to stop and killing its worker. Default 1000; Infinity: never killed. */
  grace?: number | undefined;
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
 * when it has not ended after `grace` ms. Source: RxJS, `pipe`; Python has no such thing.
 *
 * @throws at the call: TypeError for a target that is none, ThreadError for a closed pool. As the Observable's error:
 * ThreadError when no thread can be had, or it dies
 * @example
 * const sums = async (numbers: Observable<number>) => {
 *   const { scan } = await import('rxjs');
 *   return numbers.pipe(scan((sum, n) => sum + n));
 * };
 * of(1, 2, 3)
 *   .pipe(threadPipe(sums))
 *   .subscribe((sum) => console.log(sum)); // prints 1, then 3, then 6
 */
export function threadPipe<T, R>(
  target: Target<[Observable<T>], ObservableInput<R>>,
  options?: ThreadPipeOptions,
): OperatorFunction<T, R> {
  const pooled = checkPooled('threadPipe', target as Target, options, ['pool', 'grace']);
  return (source) =>
    new Observable((subscriber) => {
      // Who has left by now, as combineLatest subscribes for them too, needs no thread: see Wait.
      if (!subscriber.closed) new PipeRun<R>(subscriber, pooled).run(source);
    });
}
