import { availableParallelism } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { ResourceLimits, TransferListItem } from 'node:worker_threads';
import { Observable, Subject } from 'rxjs';
import { ThreadError } from '../errors.js';
import { Audience } from '../primitives/audience.js';
import { nextTurn } from '../primitives/loop.js';
import {
  checkCount,
  checkName,
  checkOptions,
  checkSignal,
  checkTimeout,
  show,
} from '../primitives/options.js';
import { checkTarget, type Target } from '../primitives/target.js';
import { isAlive, QUEUED, stateOf } from '../primitives/thread-table.js';
import { Wait } from '../primitives/wait.js';
import type { ThreadWait } from '../primitives/waits.js';
import type { Emitted } from './emitted.js';
import { WORKER_FILE } from './host.js';
import { JobSeat } from './job-seat.js';
import type { ToThread } from './messages.js';
import { newPiscina, type Piscina } from './piscina.js';
import type { Seat, Tenant } from './seat.js';
import { Seating } from './seating.js';
import { StarvationWatch } from './starvation.js';
import { checkGrace, stopThread } from './stop-thread.js';
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
  /** Those that ended well. One that was cancelled or killed is neither completed nor failed. */
  readonly completed: number;
  readonly failed: number;
  /** Jobs are queued, and every worker has been blocked for more than a second in what only they may end. */
  readonly starved: boolean;
  /** Over the pool's life, until this is first read: to work it out takes a hundred times as long as the rest. */
  readonly runTime: TimeStats;
  /** The same. */
  readonly waitTime: TimeStats;
}

export interface RunOptions {
  signal?: AbortSignal;
  name?: string;
  transferList?: readonly unknown[];
  /** ms between asking a running job to stop and killing its worker. Default 1000; Infinity: never killed. */
  grace?: number;
  /** Called with what the job reports with `reportProgress`, in order, before its result. */
  onProgress?: (value: unknown) => void;
}

/** A pool does not get on. */
export interface PoolWarning {
  readonly pool: string;
  readonly message: string;
  /** What the workers wait for, one each. */
  readonly waits: readonly ThreadWait[];
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
  /** With their idents. */
  readonly #jobs = new Map<JobSeat, number>();
  readonly #watchers = new Audience<PoolStats>(isDeepStrictEqual);
  #telling = false;
  readonly #warnings = new Subject<PoolWarning>();
  readonly #starvation: StarvationWatch;
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
    this.piscina.on('workerCreate', () => this.#changed());
    this.piscina.on('workerDestroy', () => this.#changed());
    this.#starvation = new StarvationWatch(
      {
        piscina: this.piscina,
        maxThreads: this.#maxThreads,
        running: () => this.#idents().filter((ident) => isAlive(ident) && stateOf(ident) !== QUEUED),
        queued: () => this.queued,
        has: (ident) => this.#idents().includes(ident),
      },
      (waits) => {
        if (waits !== undefined) this.#warn(waits);
        this.#changed();
      },
    );
  }

  /** The most jobs that run at once. @internal */
  get maxThreads(): number {
    return this.#maxThreads;
  }

  /** Jobs that wait for a worker. @internal */
  get queued(): number {
    return Math.max(0, this.#jobs.size - this.#maxThreads);
  }

  /** Takes no more. @internal */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  #idents(): number[] {
    return [...this.#jobs.values()];
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
    const { queued } = this;
    if (this.#jobs.size - this.#maxThreads >= this.#maxQueue) {
      throw new ThreadError(`${this.name} takes no '${name}': ${queued} jobs are queued already`, {
        code: 'ERR_POOL',
      });
    }
    const job = new JobSeat(this.piscina, first, transfer, {
      received: (message) => {
        if (message.kind === 'returned' || message.kind === 'completed') this.#completed++;
        if (message.kind === 'threw' && !message.cancelled) this.#failed++;
        tenant.received(message);
      },
      died: (death) => {
        if (!death.terminated) this.#failed++;
        tenant.died(death);
      },
    });
    this.#jobs.set(job, first.find(({ kind }) => kind === 'start')?.ident ?? 0);
    this.#changed();
    void job.done.then(() => {
      this.#jobs.delete(job);
      this.#changed();
    });
    return job;
  }

  /**
   * Cold: a job a subscription. Unsubscribing, or aborting `signal`, drops it from the queue, or cancels it; its worker
   * is killed when it has not ended after `grace` ms.
   *
   * @throws TypeError, RangeError at the call; as the Observable's error: ThreadError when the pool is closed or its
   * queue is full, and whatever ends the job
   * @example
   * pool.run(jobs.resize, [file], { onProgress: (done) => bar.update(done) }).pipe(retry(2))
   */
  run<A extends readonly unknown[], R>(
    target: Target<A, R>,
    args?: readonly [...A],
    options: RunOptions = {},
  ): Wait<Emitted<R>> {
    checkOptions(options);
    checkTarget(target);
    const signal = checkSignal(options);
    const grace = checkGrace(options.grace);
    const { name, transferList, onProgress } = options;
    if (onProgress !== undefined && typeof onProgress !== 'function')
      throw new TypeError(`onProgress must be a function, got ${show(onProgress)}`);
    const described = {
      target,
      pool: this,
      ...(args && { args }),
      ...(name !== undefined && { name }),
      ...(transferList && { transferList }),
    };
    return new Wait((settle) => {
      if (signal?.aborted === true) return void settle.reject(signal.reason);
      const thread = new Thread<R>(described);
      const progress = onProgress && thread.progress$.subscribe(onProgress);
      try {
        thread.start();
      } catch (error) {
        settle.reject(error);
        return undefined;
      }
      const result = thread.result({ ...(signal && { signal }) });
      const stop = (): void => {
        progress?.unsubscribe();
        stopThread(thread as Thread<never>, grace);
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
    const { histogram } = this.piscina;
    let runTime: TimeStats | undefined;
    let waitTime: TimeStats | undefined;
    return {
      threads: this.piscina.threads.length,
      busy: Math.min(this.#jobs.size, this.#maxThreads),
      queued: this.queued,
      completed: this.#completed,
      failed: this.#failed,
      starved: this.#starvation.starved,
      get runTime() {
        runTime ??= timesOf(histogram.runTime);
        return runTime;
      },
      get waitTime() {
        waitTime ??= timesOf(histogram.waitTime);
        return waitTime;
      },
    };
  }

  /**
   * What `stats` tells, now and whenever a job comes or ends or a worker does; distinct, bursts coalesce. Does not keep
   * the process alive.
   */
  readonly stats$: Observable<PoolStats> = new Observable((subscriber) => {
    subscriber.add(() => this.#watchers.delete(subscriber));
    this.#watchers.add(subscriber, this.stats);
  });

  /**
   * Told when the pool begins to starve: its jobs wait for what only jobs may do that are queued behind them. More
   * `maxThreads`, or Threads without a pool, get it going again. Does not keep the process alive.
   */
  readonly warnings$: Observable<PoolWarning> = new Observable((subscriber) =>
    this.#warnings.subscribe(subscriber),
  );

  #changed(): void {
    this.#starvation.watch();
    if (this.#watchers.size === 0 || this.#telling) return;
    this.#telling = true;
    nextTurn(() => {
      this.#telling = false;
      this.#watchers.tell(this.stats);
    });
  }

  #warn(waits: readonly ThreadWait[]): void {
    const names = [...new Set(waits.map(({ name }) => `'${name}'`))].join(', ');
    const message =
      `${this.name} starves: all of its ${waits.length} workers wait for ${names}, ` +
      `while ${this.queued} jobs that may end it are queued behind them`;
    this.#warnings.next({ pool: this.name, message, waits });
  }

  /** Lets what was accepted finish, then ends the workers. What comes from now on is a ThreadError. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    while (this.#jobs.size > 0) await Promise.all([...this.#jobs.keys()].map(({ done }) => done));
    await this.piscina.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function timesOf({ mean, p50, p99, max }: TimeStats): TimeStats {
  // Of no run at all, the mean is not a number.
  return { mean: mean || 0, p50, p99, max };
}
