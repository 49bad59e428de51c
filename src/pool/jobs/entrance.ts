import { ThreadError } from '../../errors.js';
import { notePool } from '../../primitives/threads/thread-notes.js';
import type { JobPool } from '../thread/job-pool.js';
import { Executor } from '../workers/executor.js';
import type { ThreadJob } from '../workers/thread-job.js';
import type { Dispatcher } from './dispatcher.js';

/** Whose jobs a pool takes: nobody's once it is closed, and no more while so many wait that its queue is full. */
export class Entrance {
  readonly #name: string;
  readonly #id: number;
  readonly #jobs: Dispatcher;
  readonly #maxQueue: number;
  closed = false;
  /**
   * In the place of the pool, for the later jobs of one that comes and goes, such as a threadMap, once the pool has taken the
   * first: what was accepted is not refused later.
   */
  readonly claim: JobPool = new Claim((job) => this.accept(job)) as unknown as JobPool;

  /** @param id - of the pool's record */
  constructor(name: string, id: number, jobs: Dispatcher, maxQueue: number) {
    this.#name = name;
    this.#id = id;
    this.#jobs = jobs;
    this.#maxQueue = maxQueue;
  }

  /** @throws ThreadError */
  admit(job: { readonly name: string }): void {
    if (this.closed) throw this.isClosed(job.name);
    const { hasRoom, queued, ending } = this.#jobs;
    // Who comes when a worker is about to be free does not wait for a job.
    if (hasRoom || queued - ending < this.#maxQueue) return;
    const message = `${this.#name} takes no '${job.name}': ${queued} jobs are queued already, which is its maxQueue`;
    throw new ThreadError(message, { code: 'ERR_POOL' });
  }

  /** @throws ThreadError */
  refuseIfClosed(job = 'job'): void {
    if (this.closed) throw this.isClosed(job);
  }

  isClosed(job = 'job'): ThreadError {
    return new ThreadError(`${this.#name} is closed: it takes no '${job}'`, { code: 'ERR_POOL' });
  }

  /** A Thread that is a job of the pool from now on. */
  accept(job: ThreadJob): void {
    // Who looks at this pool is to know that the thread, which is there already, is a job of it.
    notePool(job.ident, this.#id);
    job.holds = true;
    job.home = this.#jobs;
    this.#jobs.submit(job);
  }
}

/** Takes the jobs of who was accepted before: they stand in line whether the queue is full or the pool is closed. */
class Claim extends Executor {
  readonly #accept: (job: ThreadJob) => void;

  constructor(accept: (job: ThreadJob) => void) {
    super();
    this.#accept = accept;
  }

  /** @internal */
  protected override execute(job: ThreadJob): void {
    this.#accept(job);
  }
}
