import type { ThreadJob } from './thread-job.js';

/**
 * Gives threads a worker: a ThreadPool, in which a thread stands in line with the pool's jobs. Without one the elastic pool
 * does (`runInElasticPool`), at once. thread/start.ts picks one of the two.
 */
export abstract class Executor {
  /** @throws ThreadError when it takes no more, DataCloneError @internal */
  static execute(executor: Executor, job: ThreadJob): void {
    executor.execute(job);
  }

  /** @internal */
  protected abstract execute(job: ThreadJob): void;
}
