import { currentThread } from '../pool/functions/current-thread.js';
import { type JobInfo, jobInfo } from './job-context.js';

/** The job that a target runs for. */
export interface CurrentJob extends JobInfo {
  /** As RemotePool gave it to the engine. */
  readonly id: string;
  /** 1 for the first. A run after the death of a worker is of the same attempt. */
  readonly attempt: number;
  /** Above that of every earlier run, of this job and of any other: fences what it writes against an earlier run of itself. */
  readonly token: bigint;
  /** Aborts when the job is cancelled, runs into its timeout, or is another worker's by now. */
  readonly signal: AbortSignal;
}

/**
 * In a target that `serve` runs: the job it runs for; undefined elsewhere, as here. Python has no such thing.
 *
 * @example
 * console.log(currentJob()); // prints undefined
 */
export function currentJob(): CurrentJob | undefined {
  const info = jobInfo.getStore();
  return info === undefined ? undefined : { ...info, signal: currentThread().signal };
}
