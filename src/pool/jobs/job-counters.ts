import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { PoolRecord } from '../../primitives/threads/pool-records.js';
import type { TimeStats } from '../thread/job-pool.js';

/** How a job ended. */
export type JobResult = 'completed' | 'failed' | 'cancelled';

/** What a pool remembers of the jobs that have ended: nothing that grows with their number. */
export class JobCounters {
  readonly #ended: Record<JobResult, number> = { completed: 0, failed: 0, cancelled: 0 };
  readonly waitTime: DurationHistogram = new DurationHistogram();
  readonly runTime: DurationHistogram = new DurationHistogram();
  readonly #record: PoolRecord;
  readonly #changed: () => void;

  /**
   * @param record - for other threads
   * @param changed - one more has ended
   */
  constructor(record: PoolRecord, changed: () => void) {
    this.#record = record;
    this.#changed = changed;
  }

  get completed(): number {
    return this.#ended.completed;
  }

  get failed(): number {
    return this.#ended.failed;
  }

  get cancelled(): number {
    return this.#ended.cancelled;
  }

  ended(how: JobResult): void {
    this.#ended[how]++;
    this.#record.ended(how);
    this.#changed();
  }

  /** A job that ran has ended: when it was accepted, began and ended, in ms on the clock of all threads. */
  ran(accepted: number, began: number, ended: number): void {
    this.waitTime.record(began - accepted);
    this.runTime.record(ended - began);
    this.#record.ran(began - accepted, ended - began);
  }
}

/** A longer duration counts as this one, 12 days. */
const LONGEST_US = 2 ** 40;

/**
 * Any number of durations in 40 kB: a histogram of µs whose buckets are 1 % wide, so that nothing grows with the number
 * of jobs.
 */
export class DurationHistogram {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: LONGEST_US, figures: 2 });
  #sum = 0;
  #max = 0;

  record(ms: number): void {
    const time = Math.max(0, ms);
    this.#sum += time;
    this.#max = Math.max(this.#max, time);
    this.#histogram.record(Math.min(LONGEST_US, Math.max(1, Math.round(time * 1000))));
  }

  get stats(): TimeStats {
    const { count } = this.#histogram;
    if (count === 0) return { mean: 0, p50: 0, p99: 0, max: 0 };
    return { mean: this.#sum / count, p50: this.#percentile(50), p99: this.#percentile(99), max: this.#max };
  }

  /** At most the maximum, because the upper end of a bucket may be past the longest duration in it. */
  #percentile(percent: number): number {
    return Math.min(this.#histogram.percentile(percent) / 1000, this.#max);
  }
}
