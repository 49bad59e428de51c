import { tellWhenAsked } from '../wire/loop-answers.js';
import { threadName } from '../wire/thread-name.js';
import type { Job } from '../workers/job.js';
import { livePools } from './live-pools.js';

/** The jobs that have waited longest in a pool of this thread. */
export interface QueuedJobs {
  /** Number of the pool. */
  readonly pool: number;
  /** `since`: when it was accepted, in ms on the clock of all threads. */
  readonly jobs: readonly { readonly name: string; readonly since: number }[];
}

/** Jobs of a pool that a monitor is told of. */
const MOST_TOLD = 20;

/** From now on monitors are told which jobs of pools wait. */
export function tellQueuedJobs(): void {
  tellWhenAsked('pools', queuedJobs);
}

function queuedJobs(): QueuedJobs[] {
  return Array.from(livePools(), ([pool, dispatcher]) => {
    const jobs = dispatcher.oldest(MOST_TOLD).map((job) => ({ name: nameOf(job), since: job.accepted }));
    return { pool, jobs };
  });
}

function nameOf({ label, target }: Job): string {
  return typeof label === 'string' ? label : threadName(label, target?.label ?? '');
}
