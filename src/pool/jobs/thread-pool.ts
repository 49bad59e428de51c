import { isDeepStrictEqual } from 'node:util';
import type { TransferListItem } from 'node:worker_threads';
import { Observable, Subject } from 'rxjs';
import { brand } from '../../primitives/brand.js';
import type { Emitted, RunParameters, Target } from '../../primitives/target.js';
import { uncloneable } from '../../primitives/uncloneable.js';
import { DistinctSubscribers } from '../../primitives/waiting/audience.js';
import { nextTurn } from '../../primitives/waiting/event-loop.js';
import { Wait } from '../../primitives/waiting/wait.js';
import type { JobPool, PoolPiscina, PoolStats, PoolWarning, RunOptions } from '../thread/job-pool.js';
import { refuseToTravel } from '../wire/codec.js';
import type { ToThread } from '../wire/messages.js';
import { Executor, type WorkerHandle, type WorkerListener } from '../workers/executor.js';
import { PoolJobs } from './pool-jobs.js';
import { checkPoolOptions, type ThreadPoolOptions } from './pool-options.js';
import { PoolWorkers } from './pool-workers.js';
import { QueuedJob } from './queued-job.js';
import { checkRun } from './run-options.js';
import { StarvationWatch } from './starvation.js';

export type {
  PoolPiscina,
  PoolStats,
  PoolWarning,
  PoolWorker,
  RunOptions,
  TimeStats,
} from '../thread/job-pool.js';
export type { ThreadPoolOptions, WorkerLimits } from './pool-options.js';

/*
 * A job from `run` to its result.
 *
 * `run` checks what was asked (run-options.ts). Each subscription makes a QueuedJob (queued-job.ts), which PoolJobs admits
 * or refuses (pool-jobs.ts) and Places lets begin at once or puts into the line (places.ts). In line it is no thread: its
 * arguments are cloned, its transferList has moved, and nothing of it is in the table of threads. A Thread with this pool
 * comes the same way, but is a thread from its start on.
 *
 * When its turn comes, QueuedJob starts a Thread, whose executor is the place it has; that makes a Job (job.ts), with a port
 * of its own. The Job is handed to PoolWorkers (pool-workers.ts), as a task of the pool's Piscina: to a worker that is
 * free, or else it waits for one that starts. In the worker `runJob` (in-worker/session.ts) takes the port and runs the
 * thread, as in any other worker (thread/thread.ts tells of that).
 *
 * Back: the Job hears the end message. If the worker is idle, the place and the worker go to the next in line before
 * anybody hears of the end; if not, what the job has left behind has a second, and the place waits. Then the thread's
 * Outcome tells the QueuedJob, which tells its subscriber, in the async context of that one.
 *
 * Who is asked to go and does not loses its worker, whatever keeps it: a job that runs is cancelled and killed after its
 * grace (thread/stop-thread.ts), one that has not begun is withdrawn in the table of threads and its worker killed if that
 * does not say in time that it has let go of it (job.ts). A worker's death ends its job alone, with the place (job.ts);
 * Piscina replaces the worker.
 */

let pools = 0;

/** Why one can neither be an argument nor be posted. */
const STAYS = 'a ThreadPool cannot be sent to a thread, its workers belong to this one: make one there';
const UNCLONEABLE = uncloneable(STAYS);

/**
 * A bounded set of Piscina workers for pooled background jobs: a job that finds none of them free waits its turn, first
 * come, first served. Jobs that were accepted keep the process alive until they have ended, daemon or not; idle workers do
 * not. A job that crashes its worker, or is killed, fails alone: another worker takes its place.
 *
 * What a job leaves behind in its worker (a timer, a socket, threads it started) keeps the worker from the next job for
 * a second at most. What is still there then, such as a connection, counts as there to stay and shares the worker with
 * the jobs to come; what it waits for is given up when one of them begins. A worker that what was left behind blocks for
 * five seconds is killed, and the excepthook told.
 *
 * Source: CPython, `concurrent.futures.Executor`; its `threading` has no such thing.
 *
 * @throws TypeError, RangeError showing the value
 * @example
 * await using pool = new ThreadPool({ maxThreads: 4 });
 * console.log(await pool.run((n) => n * 2, [21])); // prints 42
 */
export class ThreadPool extends Executor implements JobPool {
  /** See uncloneable.ts. @internal */
  readonly uncloneable: symbol = UNCLONEABLE;
  /** As it was given, or `ThreadPool-N`. */
  readonly name: string;
  /** The pool underneath, for what this class does not cover. Its queue and its histograms stay empty. */
  readonly piscina: PoolPiscina;
  readonly #jobs: PoolJobs;
  readonly #watchers = new DistinctSubscribers<PoolStats>(isDeepStrictEqual);
  #telling = false;
  readonly #warnings = new Subject<PoolWarning>();
  readonly #starvation: StarvationWatch;

  constructor(options: ThreadPoolOptions = {}) {
    super();
    const { name, maxThreads, maxQueue, piscina } = checkPoolOptions(options);
    const changed = (): void => this.#changed();
    const workers = new PoolWorkers(piscina, changed);
    this.piscina = workers.piscina;
    this.name = name ?? `ThreadPool-${++pools}`;
    this.#jobs = new PoolJobs(this.name, maxThreads, maxQueue, workers, changed);
    this.#starvation = new StarvationWatch(this.name, workers.piscina, this.#jobs, (warning) => {
      if (warning !== undefined) this.#warnings.next(warning);
      this.#changed();
    });
  }

  /** The most jobs that run at once. @internal */
  get maxThreads(): number {
    return this.#jobs.places.size;
  }

  /** Jobs that would not have to wait for a worker. @internal */
  get free(): number {
    return this.#jobs.places.size - this.#jobs.places.busy;
  }

  /** Jobs that wait for a worker. @internal */
  get queued(): number {
    return this.#jobs.places.queued;
  }

  /** Takes no more. @internal */
  get closed(): boolean {
    return this.#jobs.closed;
  }

  /**
   * For the later jobs of one that comes and goes, such as a threadMap, once the pool has taken the first: what was
   * accepted is not refused later. @internal
   */
  get claim(): JobPool {
    return this.#jobs.claim as unknown as JobPool;
  }

  /** @internal */
  protected execute(
    name: string,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ): WorkerHandle {
    return this.#jobs.execute(name, first, transfer, listener);
  }

  /**
   * Cold: a job a subscription. It is accepted, with its arguments as they are then, when it is subscribed to, and
   * becomes a thread when a worker is free. Emits what the target returns, or the last value of what it streams.
   *
   * Unsubscribing, or aborting `signal`, drops it from the queue; one that runs is cancelled, and its worker is killed
   * when it has not ended after `grace` ms. So is one that runs into its `timeout`. Callbacks run in the async context of
   * the subscriber.
   *
   * @param argsAndOptions - the target's arguments, which may be left out when it needs none; then the options
   * @throws TypeError, RangeError at the call, and ThreadError when the pool is closed; as the Observable's error:
   * ThreadError when the pool has been closed since or its queue is full, TypeError naming the argument that cannot be
   * cloned, RxJS's TimeoutError, and whatever ends the job
   * @example
   * await using pool = new ThreadPool();
   * const halve = (n: number) => {
   *   if (n % 2 === 1) throw new RangeError(`${n} is odd`);
   *   return n / 2;
   * };
   * const job = pool.run(halve, [3], { timeout: 1000 }).pipe(retry(2));
   * await lastValueFrom(job).catch((error) => console.log(error.message)); // prints 3 is odd
   */
  run<A extends readonly unknown[], R>(
    target: Target<A, R>,
    ...argsAndOptions: RunParameters<A, RunOptions>
  ): Wait<Emitted<R>> {
    const [args, options] = argsAndOptions as [args?: readonly unknown[], options?: RunOptions];
    const request = checkRun(target as Target<readonly unknown[], R>, args, options);
    this.#jobs.refuseIfClosed(request.name ?? 'job');
    const { signal } = request;
    return new Wait((settle) => {
      if (signal?.aborted === true) return void settle.reject(signal.reason);
      try {
        const run = new QueuedJob<R>(this.#jobs, request, settle);
        return () => run.leave();
      } catch (error) {
        return void settle.reject(error);
      }
    });
  }

  /** What the pool does now, and what became of its jobs. Costs some µs, however many jobs there were. */
  get stats(): PoolStats {
    const { places, counters } = this.#jobs;
    return {
      threads: this.piscina.threads.length,
      busy: places.busy,
      queued: places.queued,
      completed: counters.completed,
      failed: counters.failed,
      cancelled: counters.cancelled,
      starved: this.#starvation.starved,
      runTime: counters.runTime.stats,
      waitTime: counters.waitTime.stats,
    };
  }

  /**
   * What `stats` tells, now and whenever a job or a worker comes or goes; distinct, bursts coalesce. Never completes.
   * Unsubscribing ends only the watching. Does not keep the process alive.
   */
  readonly stats$: Observable<PoolStats> = new Observable((subscriber) => {
    this.#watchers.add(subscriber, this.stats);
    return () => this.#watchers.delete(subscriber);
  });

  /**
   * Emits when the pool begins to starve: every worker has waited for more than a second for the end of a job that is
   * queued, or for a lock that a job of the pool holds. A wait that somebody else may end, as that for an Event, is none.
   * More `maxThreads`, or Threads without a pool, get it going again. Never completes. Unsubscribing ends only the watching.
   * Does not keep the process alive.
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
      this.#watchers.emit(this.stats);
    });
  }

  /**
   * Lets the jobs that were accepted finish, those that are queued included, then ends the workers; resolves when they are
   * gone. A job that comes from now on is refused with a ThreadError. One that never ends keeps the pool open: unsubscribe
   * from it, or abort it.
   */
  close(): Promise<void> {
    return this.#jobs.close();
  }

  /** As `close`; called by `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

brand(ThreadPool, 'ThreadPool');
refuseToTravel('thread-pool', (value) => value instanceof ThreadPool, STAYS);
