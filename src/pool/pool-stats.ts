import type { TimeStats } from './durations.js';

/** Every job that was accepted is in exactly one of `queued`, `completed`, `failed` and `cancelled`, or runs. */
export interface PoolStats {
  /** Workers, those that are being started included. */
  readonly threads: number;
  /**
   * Workers that are taken: by a job that runs, that is about to begin, or that has ended and left something behind.
   */
  readonly busy: number;
  /** Jobs that wait for a worker. */
  readonly queued: number;
  /** Jobs that ended well. */
  readonly completed: number;
  /** Jobs that ended with an error, or whose worker died. */
  readonly failed: number;
  /** Jobs that were dropped before they began, ended with the reason they were cancelled for, or were killed. */
  readonly cancelled: number;
  /** Jobs are queued, and every worker has been blocked for more than a second in what only they may end. */
  readonly starved: boolean;
  /** Over the pool's life, of all jobs that ran and were not killed: how long. */
  readonly runTime: TimeStats;
  /** The same, from when it was accepted until it began. */
  readonly waitTime: TimeStats;
}
