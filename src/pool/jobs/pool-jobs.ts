import type { TransferListItem } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import { clock } from '../../primitives/threads/table.js';
import type { ToThread } from '../wire/messages.js';
import { Executor, type WorkerHandle, type WorkerListener } from '../workers/executor.js';
import { Job, type PoolOfJobs } from './job.js';
import { JobCounters } from './job-counters.js';
import { Places } from './places.js';
import type { PoolWorkers } from './pool-workers.js';

/** The jobs of a pool: those in line, those that run, and what is remembered of those that have ended. */
export class PoolJobs implements PoolOfJobs {
  readonly #name: string;
  readonly #maxQueue: number;
  readonly workers: PoolWorkers;
  readonly places: Places;
  readonly counters: JobCounters;
  readonly jobs: Set<Job> = new Set();
  readonly claim: Claim = new Claim(this);
  #closed: Promise<void> | undefined;

  /** @param changed - called when a job has come, begun or ended */
  constructor(name: string, maxThreads: number, maxQueue: number, workers: PoolWorkers, changed: () => void) {
    this.#name = name;
    this.#maxQueue = maxQueue;
    this.workers = workers;
    this.counters = new JobCounters(changed);
    this.places = new Places(maxThreads, changed);
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Refuses jobs from now on; resolves when those that were accepted are over, and the workers gone. */
  close(): Promise<void> {
    this.#closed ??= this.places.whenEmpty().then(() => this.workers.close());
    return this.#closed;
  }

  /** The idents of the jobs that are threads already: those that run, and Threads in line. */
  idents(): number[] {
    return [...this.jobs].map(({ ident }) => ident);
  }

  /** @throws ThreadError */
  admit(job: string): void {
    this.refuseIfClosed(job);
    const { hasRoom, queued, ending } = this.places;
    // Who comes when a place is about to be given back does not wait for a job.
    if (hasRoom || queued - ending < this.#maxQueue) return;
    const message = `${this.#name} takes no '${job}': ${queued} jobs are queued already, which is its maxQueue`;
    throw new ThreadError(message, { code: 'ERR_POOL' });
  }

  /** @throws ThreadError */
  refuseIfClosed(job: string): void {
    if (this.closed)
      throw new ThreadError(`${this.#name} is closed: it takes no '${job}'`, { code: 'ERR_POOL' });
  }

  /** A thread that waits for a place as it is. @throws ThreadError, DataCloneError */
  execute(
    name: string,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ): WorkerHandle {
    this.admit(name);
    return Executor.execute(this.claim, name, first, transfer, listener);
  }
}

/** Takes the jobs of who was accepted before: they stand in line whether the queue is full or the pool is closed. */
export class Claim extends Executor {
  readonly #pool: PoolOfJobs;

  constructor(pool: PoolOfJobs) {
    super();
    this.#pool = pool;
  }

  /** @internal */
  protected override execute(
    _: string,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ): WorkerHandle {
    const job = new Job(this.#pool, clock(), first, transfer, listener);
    this.#pool.places.submit(job);
    return job;
  }
}

/** Runs the one job that has its place in the pool already. */
export class ReservedPlace extends Executor {
  readonly #pool: PoolOfJobs;
  readonly #accepted: number = clock();
  job: Job | undefined;

  constructor(pool: PoolOfJobs) {
    super();
    this.#pool = pool;
  }

  /** @internal */
  protected override execute(
    _: string,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ): WorkerHandle {
    this.job = new Job(this.#pool, this.#accepted, first, transfer, listener);
    this.job.begin();
    return this.job;
  }
}
