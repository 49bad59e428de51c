import type { TransferListItem } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import { clock } from '../../primitives/threads/table.js';
import type { ToThread } from '../wire/messages.js';
import { Executor, type WorkerHandle, type WorkerListener } from '../workers/executor.js';
import { Job } from './job.js';
import { JobCounters, type JobResult } from './job-counters.js';
import { Places } from './places.js';
import type { PoolWorkers } from './pool-workers.js';

/** The jobs of a pool: those in line, those that run, and what is remembered of those that have ended. */
export class PoolJobs {
  readonly #name: string;
  readonly #maxQueue: number;
  readonly #workers: PoolWorkers;
  readonly #changed: () => void;
  readonly places: Places;
  readonly counters: JobCounters = new JobCounters();
  readonly #handles = new Set<Job>();
  #closed: Promise<void> | undefined;

  /** @param changed - one has come, begun or ended */
  constructor(name: string, maxThreads: number, maxQueue: number, workers: PoolWorkers, changed: () => void) {
    this.#name = name;
    this.#maxQueue = maxQueue;
    this.#workers = workers;
    this.#changed = changed;
    this.places = new Places(maxThreads, changed);
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Takes no more; resolves when those that were accepted are over. */
  close(): Promise<void> {
    this.#closed ??= this.places.whenEmpty();
    return this.#closed;
  }

  /** Of those that are threads already. */
  idents(): number[] {
    return [...this.#handles].map(({ ident }) => ident);
  }

  admit(job: string): void {
    this.refuseIfClosed(job);
    const { hasRoom, queued } = this.places;
    if (hasRoom || queued < this.#maxQueue) return;
    const message = `${this.#name} takes no '${job}': ${queued} jobs are queued already, which is its maxQueue`;
    throw new ThreadError(message, { code: 'ERR_POOL' });
  }

  /** @throws ThreadError */
  refuseIfClosed(job: string): void {
    if (this.closed)
      throw new ThreadError(`${this.#name} is closed: it takes no '${job}'`, { code: 'ERR_POOL' });
  }

  ended(how: JobResult): void {
    this.counters.ended(how);
    this.#changed();
  }

  /** A thread that waits for a place as it is. @throws ThreadError, DataCloneError */
  execute(
    name: string,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ): WorkerHandle {
    this.admit(name);
    const job = this.#newJob(clock(), first, transfer, listener);
    this.places.submit(job);
    return job;
  }

  seated(): Executor {
    const accepted = clock();
    return new ReservedExecutor((first, transfer, listener) => {
      const job = this.#newJob(accepted, first, transfer, listener);
      job.begin();
      return job;
    });
  }

  /** @param accepted - when, on the clock of all threads */
  #newJob(
    accepted: number,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ): Job {
    const job = new Job(this.#workers, first, transfer, listener, {
      ran: (began, ended) => this.counters.ran(accepted, began, ended),
      ended: (how) => this.ended(how),
      dropped: () => {
        this.#handles.delete(job);
        this.places.withdrawn();
      },
      over: () => {
        this.#handles.delete(job);
        this.places.release();
      },
    });
    this.#handles.add(job);
    return job;
  }
}

/** Of a job that has its place in the pool already. */
class ReservedExecutor extends Executor {
  readonly #execute: (
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ) => WorkerHandle;

  constructor(
    execute: (
      first: readonly ToThread[],
      transfer: readonly TransferListItem[],
      listener: WorkerListener,
    ) => WorkerHandle,
  ) {
    super();
    this.#execute = execute;
  }

  protected override execute(
    _: string,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ): WorkerHandle {
    return this.#execute(first, transfer, listener);
  }
}
