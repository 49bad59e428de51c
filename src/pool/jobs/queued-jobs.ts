import { tellWhenAsked } from '../wire/loop-answers.js';
import { threadName } from '../wire/thread-name.js';
import type { Job } from '../workers/job.js';
import type { Dispatcher } from './dispatcher.js';

/** The jobs that have waited longest in a pool of this thread. */
export interface QueuedJobs {
  /** Number of the pool. */
  readonly pool: number;
  /** `since`: when it was accepted, in ms on the clock of all threads. */
  readonly jobs: readonly { readonly name: string; readonly since: number }[];
}

/** Jobs of a pool that a monitor is told of. */
const MOST_TOLD = 20;

const pools = new Map<number, WeakRef<Dispatcher>>();

/** Called as a pool is made: from now on monitors are told which of its jobs wait. */
export function tellQueuedJobs(pool: number, jobs: Dispatcher): void {
  if (pools.size === 0) tellWhenAsked('pools', queuedJobs);
  pools.set(pool, new WeakRef(jobs));
}

function queuedJobs(): QueuedJobs[] {
  const found: QueuedJobs[] = [];
  for (const [pool, ref] of pools) {
    const jobs = ref.deref()?.oldest(MOST_TOLD);
    if (jobs === undefined) pools.delete(pool);
    else found.push({ pool, jobs: jobs.map((job) => ({ name: nameOf(job), since: job.accepted })) });
  }
  return found;
}

function nameOf({ label, target }: Job): string {
  return typeof label === 'string' ? label : threadName(label, target?.label ?? '');
}
