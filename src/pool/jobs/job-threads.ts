import { setJobFinder } from '../thread/local-threads.js';
import { answerQuestions } from '../thread/remote-answer.js';
import { livePools } from './live-pools.js';
import { RunJob } from './run-job.js';

/** From now on there is a Thread for each job that runs in a pool, for whoever asks for it, here or in another thread. */
export function findJobs(): void {
  setJobFinder(find);
  answerQuestions();
}

function find(ident: number) {
  for (const [, jobs] of livePools()) {
    const job = jobs.jobOf(ident);
    if (job instanceof RunJob) return job.asThread(ident);
  }
  return undefined;
}
