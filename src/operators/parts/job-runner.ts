import type { Observable } from 'rxjs';
import { show } from '../../primitives/options.js';
import { type ModuleTarget, packTarget, type Target } from '../../primitives/target.js';

/** How a job that runs elsewhere is run. */
export interface JobRunnerOptions {
  /** ms between cancelling a job and killing its worker. Default: the runner's. */
  grace?: number | undefined;
  /** ms that a run may take; then it fails with RxJS's TimeoutError. Default: as long as it takes. */
  timeout?: number | undefined;
  /** Aborted: the job is cancelled, as by unsubscribing. Default: none. */
  signal?: AbortSignal | undefined;
  /** Called with each value that the target gives to `reportProgress`. Default: progress is not told. */
  onProgress?: ((value: unknown) => void) | undefined;
}

/** What runs jobs outside this process, as far as operators need it: RemotePool of rxjs-threading/redis, or your own. */
export interface JobRunner {
  /** For error messages. */
  readonly name: string;
  /** Cold: the result, or the last value of what the target streams. Unsubscribing cancels the job. */
  run(target: ModuleTarget, args: readonly unknown[], options?: JobRunnerOptions): Observable<unknown>;
  /** Cold: every value of what the target streams, or what it returns. Unsubscribing cancels the job. */
  stream(target: ModuleTarget, args: readonly unknown[], options?: JobRunnerOptions): Observable<unknown>;
}

export function isJobRunner(pool: unknown): pool is JobRunner {
  if (typeof pool !== 'object' || pool === null) return false;
  const { run, stream } = pool as Partial<JobRunner>;
  return typeof run === 'function' && typeof stream === 'function';
}

/** @throws TypeError for a function: its source is of no use on another machine */
export function checkTravels(target: Target, pool: JobRunner): asserts target is ModuleTarget {
  packTarget(target);
  if (typeof target === 'function')
    throw new TypeError(
      `${pool.name} runs exports of a module, as threadModule gives them, got ${show(target)}`,
    );
}
