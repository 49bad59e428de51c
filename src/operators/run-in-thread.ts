import { Observable } from 'rxjs';
import { checkRun } from '../pool/jobs/run-options.js';
import type { ThreadPool } from '../pool/jobs/thread-pool.js';
import type { RunOptions } from '../pool/thread/job-pool.js';
import { limitRun, ranTooLong } from '../pool/thread/run-limit.js';
import { stopThread } from '../pool/thread/stop-thread.js';
import { Thread } from '../pool/thread/thread.js';
import { checkOptions } from '../primitives/options.js';
import type { Emitted, RunParameters, Target } from '../primitives/target.js';
import { CallerContext } from '../primitives/waiting/caller-context.js';
import { onAbort } from '../primitives/waiting/on-abort.js';
import { checkTravels, isJobRunner, type JobRunner, type JobRunnerOptions } from './parts/job-runner.js';
import { checkPool } from './parts/pooled-options.js';

/** How `runInThread` runs its target, and where. */
export interface RunInThreadOptions extends RunOptions {
  /**
   * Default: an elastic pool in which a thread never waits for another to end. One that runs jobs elsewhere, such as a
   * RemotePool, streams what the target of a module gives, and takes neither `name` nor `transferList`.
   */
  pool?: ThreadPool | JobRunner | undefined;
}

/**
 * Cold: a thread a subscription. Emits what the target returns, or every value of what it streams, with back-pressure,
 * and ends as the target ends.
 *
 * Unsubscribing, or aborting `signal`, drops a thread that is still queued; one that runs is cancelled, and its worker
 * is killed when it has not ended after `grace` ms. What moves there (`transferList`, `transfer`) can be sent once:
 * subscribing again is a TypeError. Source: RxJS, `defer`, over CPython's `threading.Thread`.
 *
 * @param argsAndOptions - the target's arguments, which may be left out when it needs none; then the options
 * @throws TypeError, RangeError at the call; ThreadError as the Observable's error, for a pool that is closed or full
 * @example
 * const countTo = function* (last: number) {
 *   for (let n = 1; n <= last; n++) yield n;
 * };
 * runInThread(countTo, [2]).subscribe((n) => console.log(n)); // prints 1, then 2
 */
export function runInThread<A extends readonly unknown[], R>(
  target: Target<A, R>,
  ...argsAndOptions: RunParameters<A, RunInThreadOptions>
): Observable<Emitted<R>> {
  const [args, options] = argsAndOptions as [args?: readonly unknown[], options?: RunInThreadOptions];
  const request = checkRun(target as Target<readonly unknown[], R>, args, options, ['pool']);
  const { name, transferList, signal, grace, timeout, onProgress } = request.options;
  const pool: unknown = options?.pool;
  if (isJobRunner(pool)) return runElsewhere(target as Target, pool, args, options);
  checkPool(pool);
  const described = {
    target: request.target,
    args: request.args,
    transferList,
    ...(name !== undefined && { name }),
    ...(pool && { pool }),
  };
  return new Observable((subscriber) => {
    // As combineLatest subscribes when a source before this one has failed at once: see Wait.
    if (subscriber.closed) return;
    if (signal?.aborted === true) return subscriber.error(signal.reason);
    const thread = new Thread<R>(described);
    // A worker's messages come in the context of who started its first thread.
    const context = new CallerContext();
    if (onProgress !== undefined) {
      const told = (value: unknown): void => context.tell(() => onProgress(value));
      subscriber.add(thread.progress$.subscribe(told));
    }
    // What `start` throws is the Observable's error.
    thread.start();
    if (signal !== undefined)
      subscriber.add(onAbort(signal, () => context.tell(() => subscriber.error(signal.reason))));
    let reason: unknown;
    const stopLimit = limitRun(thread as Thread<never>, timeout, () => {
      reason = ranTooLong(thread.name, timeout);
      context.tell(() => subscriber.error(reason));
    });
    subscriber.add(stopLimit);
    const output = thread.output$.subscribe({
      next: (value) => context.tell(() => subscriber.next(value)),
      error: (error) => context.tell(() => subscriber.error(error)),
      complete: () => context.tell(() => subscriber.complete()),
    });
    subscriber.add(output);
    // After it: one that has not begun ends at once, and who has left is told of nothing.
    subscriber.add(() => stopThread(thread as Thread<never>, grace, reason));
  });
}

/** @throws TypeError for a function, and for options that are of no use elsewhere */
function runElsewhere<R>(
  target: Target,
  runner: JobRunner,
  args: readonly unknown[] = [],
  options: RunInThreadOptions = {},
): Observable<Emitted<R>> {
  checkTravels(target, runner);
  checkOptions(options, ['pool', 'signal', 'grace', 'timeout', 'onProgress']);
  const { pool: _, ...rest } = options;
  return runner.stream(target, args, rest as JobRunnerOptions) as Observable<Emitted<R>>;
}
