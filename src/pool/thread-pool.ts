import { availableParallelism } from 'node:os';
import type { ResourceLimits, TransferListItem } from 'node:worker_threads';
import { defer, map, type Observable, Subject, startWith } from 'rxjs';
import { ThreadError } from '../errors.js';
import { after } from '../primitives/loop.js';
import { checkCount, checkName, checkSignal, checkTimeout } from '../primitives/options.js';
import type { Target } from '../primitives/target.js';
import { Wait } from '../primitives/wait.js';
import type { Emitted } from './emitted.js';
import { WORKER_FILE } from './host.js';
import { JobSeat } from './job-seat.js';
import type { ToThread } from './messages.js';
import { newPiscina, type Piscina } from './piscina.js';
import type { Seat, Tenant } from './seat.js';
import { Seating } from './seating.js';
import { Thread } from './thread.js';

export interface ThreadPoolOptions {
  name?: string;
  minThreads?: number;
  maxThreads?: number;
  /** ms an idle worker is kept. */
  idleTimeout?: number;
  /** Jobs that may queue; one more is a ThreadError. */
  maxQueue?: number;
  resourceLimits?: ResourceLimits;
  execArgv?: string[];
  env?: Record<string, string>;
}

/** ms. */
export interface TimeStats {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface PoolStats {
  readonly threads: number;
  readonly busy: number;
  readonly queued: number;
  readonly completed: number;
  readonly failed: number;
  /** Over the pool's life. */
  readonly runTime: TimeStats;
  readonly waitTime: TimeStats;
}

export interface RunOptions {
  signal?: AbortSignal;
  name?: string;
  transferList?: readonly unknown[];
  /** ms between asking a running job to stop and killing its worker. */
  grace?: number;
}

let pools = 0;

/**
 * A bounded set of Piscina workers for pooled background jobs: what finds none of them free waits its turn. A job that
 * runs keeps the process alive. Python has no such thing in `threading`.
 *
 * @example
 * await using pool = new ThreadPool({ maxThreads: 4 });
 * await pool.run((n) => n * 2, [21]); // 42
 */
export class ThreadPool extends Seating implements AsyncDisposable {
  readonly name: string;
  /** The pool underneath, for what this class does not cover. */
  readonly piscina: Piscina;
  readonly #maxThreads: number;
  readonly #maxQueue: number;
  readonly #jobs = new Set<JobSeat>();
  readonly #changes = new Subject<void>();
  #failed = 0;
  #completed = 0;
  #closing: Promise<void> | undefined;

  /** @throws TypeError, RangeError showing the value */
  constructor(options: ThreadPoolOptions = {}) {
    super();
    this.name = checkName(options) ?? `ThreadPool-${++pools}`;
    this.#maxThreads = checkCount('maxThreads', options.maxThreads ?? availableParallelism(), 1, 4095);
    const minThreads = checkCount(
      'minThreads',
      options.minThreads ?? Math.min(1, this.#maxThreads),
      0,
      this.#maxThreads,
    );
    this.#maxQueue = options.maxQueue ?? Number.POSITIVE_INFINITY;
    if (this.#maxQueue !== Number.POSITIVE_INFINITY) checkCount('maxQueue', this.#maxQueue, 0, 2 ** 31);
    const { resourceLimits, execArgv, env } = options;
    this.piscina = newPiscina({
      filename: WORKER_FILE,
      minThreads,
      maxThreads: this.#maxThreads,
      idleTimeout: options.idleTimeout === undefined ? 1000 : checkTimeout(options.idleTimeout),
      atomics: 'disabled',
      ...(resourceLimits !== undefined && { resourceLimits }),
      ...(execArgv !== undefined && { execArgv }),
      ...(env !== undefined && { env }),
    });
    // What a worker says beside its jobs; the jobs tell of their own.
    this.piscina.on('error', () => {});
  }

  /** @internal */
  seat(
    name: string,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    tenant: Tenant,
  ): Seat {
    if (this.#closing !== undefined)
      throw new ThreadError(`${this.name} is closed: it takes no '${name}'`, { code: 'ERR_POOL' });
    const queued = this.#jobs.size - this.#maxThreads;
    if (queued >= this.#maxQueue) {
      throw new ThreadError(`${this.name} takes no '${name}': ${queued} jobs are queued already`, {
        code: 'ERR_POOL',
      });
    }
    const job = new JobSeat(this.piscina, first, transfer, {
      received: (message) => {
        if (message.kind === 'returned' || message.kind === 'completed') this.#completed++;
        if (message.kind === 'threw') this.#failed++;
        tenant.received(message);
      },
      died: (death) => {
        this.#failed++;
        tenant.died(death);
      },
    });
    this.#jobs.add(job);
    this.#changes.next();
    void job.done.then(() => {
      this.#jobs.delete(job);
      this.#changes.next();
    });
    return job;
  }

  /**
   * Cold: a job a subscription. Unsubscribing drops it from the queue, or cancels it; with `grace`, its worker is killed
   * when it has not ended after so many ms.
   */
  run<A extends readonly unknown[], R>(
    target: Target<A, R>,
    args?: readonly [...A],
    options: RunOptions = {},
  ): Wait<Emitted<R>> {
    const signal = checkSignal(options);
    const grace = options.grace === undefined ? undefined : checkTimeout(options.grace);
    const { name, transferList } = options;
    const described = {
      target,
      pool: this,
      ...(args && { args }),
      ...(name !== undefined && { name }),
      ...(transferList && { transferList }),
    };
    return new Wait((settle) => {
      const thread = new Thread<R>(described);
      try {
        thread.start();
      } catch (error) {
        settle.reject(error);
        return undefined;
      }
      const result = thread.result({ ...(signal && { signal }) });
      const stop = (): void => {
        if (thread.state === 'queued') return void thread.terminate();
        thread.cancel();
        if (grace !== undefined) after(grace, () => void thread.terminate());
      };
      const subscription = result.subscribe({
        next: (value) => settle.resolve(value),
        error: (error) => {
          if (signal?.aborted === true) stop();
          settle.reject(error);
        },
      });
      return () => {
        if (subscription.closed) return;
        subscription.unsubscribe();
        stop();
      };
    });
  }

  get stats(): PoolStats {
    const { runTime, waitTime } = this.piscina.histogram;
    return {
      threads: this.piscina.threads.length,
      busy: Math.min(this.#jobs.size, this.#maxThreads),
      queued: Math.max(0, this.#jobs.size - this.#maxThreads),
      completed: this.#completed,
      failed: this.#failed,
      runTime: timesOf(runTime),
      waitTime: timesOf(waitTime),
    };
  }

  /** What `stats` tells, now and whenever a job comes or ends. Does not keep the process alive. */
  get stats$(): Observable<PoolStats> {
    return defer(() =>
      this.#changes.pipe(
        startWith(undefined),
        map(() => this.stats),
      ),
    );
  }

  /** Lets what was accepted finish, then ends the workers. What comes from now on is a ThreadError. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    while (this.#jobs.size > 0) await Promise.all([...this.#jobs].map(({ done }) => done));
    await this.piscina.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function timesOf({ mean, p50, p99, max }: TimeStats): TimeStats {
  return { mean, p50, p99, max };
}
