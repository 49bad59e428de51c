import { setJobFinder } from '../thread/local-threads.js';
import { answerQuestions } from '../thread/remote-answer.js';
import type { Dispatcher } from './dispatcher.js';
import { RunJob } from './run-job.js';

/** The pools of this thread that may have jobs. */
const dispatchers = new Set<WeakRef<Dispatcher>>();

/** From now on there is a Thread for each job of the pool that runs, for whoever asks for it, here or in another thread. */
export function findJobsOf(dispatcher: Dispatcher): void {
  dispatchers.add(new WeakRef(dispatcher));
  setJobFinder(find);
  answerQuestions();
}

function find(ident: number) {
  for (const ref of dispatchers) {
    const dispatcher = ref.deref();
    if (dispatcher === undefined) dispatchers.delete(ref);
    const job = dispatcher?.jobOf(ident);
    if (job instanceof RunJob) return job.asThread(ident);
  }
  return undefined;
}
