import { DurationHistogram } from './durations.js';

/** How a job ended. */
export type JobResult = 'completed' | 'failed' | 'cancelled';

/** What a pool remembers of its jobs: nothing that grows with their number. */
export class JobCounters {
  readonly #ended: Record<JobResult, number> = { completed: 0, failed: 0, cancelled: 0 };
  readonly waitTime: DurationHistogram = new DurationHistogram();
  readonly runTime: DurationHistogram = new DurationHistogram();

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
  }

  /** One that ran, in ms on one clock. */
  ran(accepted: number, began: number, ended: number): void {
    this.waitTime.record(began - accepted);
    this.runTime.record(ended - began);
  }
}
