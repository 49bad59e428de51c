import type { Observable, TeardownLogic } from 'rxjs';
import { brand } from '../../primitives/brand.js';
import type { Emitted, RunParameters, Target } from '../../primitives/target.js';
import { PoolRecord } from '../../primitives/threads/pool-records.js';
import { uncloneable } from '../../primitives/uncloneable.js';
import { type Settle, Wait } from '../../primitives/waiting/wait.js';
import type {
  JobPool,
  PoolPiscina,
  PoolStats,
  PoolWarning,
  RoomOptions,
  RunOptions,
} from '../thread/job-pool.js';
import type { MapOptions } from '../thread/map-options.js';
import { refuseToTravel } from '../wire/codec.js';
import { Executor } from '../workers/executor.js';
import { jobTarget } from '../workers/job-target.js';
import type { ThreadJob } from '../workers/thread-job.js';
import { broadcastTo, checkBroadcast } from './broadcast.js';
import { Dispatcher } from './dispatcher.js';
import { Entrance } from './entrance.js';
import { findJobs } from './job-threads.js';
import { rememberPool } from './live-pools.js';
import { mapIn } from './mapper.js';
import { checkPoolOptions, type ThreadPoolOptions } from './pool-options.js';
import type { PoolSession } from './pool-session.js';
import { PoolWatch } from './pool-watch.js';
import { tellQueuedJobs } from './queued-jobs.js';
import { RunJob } from './run-job.js';
import { checkRun, OF_POOL, type PoolRunOptions, type RunRequest } from './run-options.js';

export type {
  PoolPiscina,
  PoolStats,
  PoolWarning,
  PoolWorker,
  RoomOptions,
  RunOptions,
  TimeStats,
} from '../thread/job-pool.js';
export type { MapOptions } from '../thread/map-options.js';
export type { ContextStorage } from './job-contexts.js';
export type { ThreadPoolOptions } from './pool-options.js';
export type { PoolRunOptions } from './run-options.js';

/*
 * A job from `run` to its result.
 *
 * `run` checks what was asked (run-options.ts). Each subscription makes a RunJob (run-job.ts), which the pool admits or
 * refuses (entrance.ts), and whose arguments are copied: plain data by hand (wire/plain-copy.ts), all else by a clone. So
 * it can be run elsewhere until it has begun. What moves is lost with a worker that has got it. A Thread with this pool comes as a ThreadJob (workers/thread-job.ts), and is
 * a thread from its start on.
 *
 * The Dispatcher (dispatcher.ts) gives the job to a session, or lets it stand in line (priority-line.ts). A Session
 * (workers/session.ts) is a worker that stays, with one port for all of its jobs. It offers the job's claim word
 * (wire/job-claims.ts) and posts the job as five fields of a flat array (wire/messages.ts), alone when the session has
 * nothing to do, else with others in a microtask (workers/outbox.ts). So a session has some jobs ahead of their turn; what
 * stands behind a job that does not end is taken back (patience.ts).
 *
 * In the worker (in-worker/session.ts) the job waits for those before it. When its turn comes, the worker takes an ident for
 * it, claims its word, and from then on it is a thread: in-worker/thread-body.ts calls the target and posts one end message.
 * Then the worker begins with the next, or sleeps on a word until it is rung for.
 *
 * Back: the Session hears the end, and with it all that has come by now. The Dispatcher counts it and gives the worker the
 * next job before anybody hears of the end. Then the RunJob tells its subscriber, in the async context of that one. It makes
 * a Thread only when somebody asks for one, as `enumerate` does (job-threads.ts).
 *
 * Who is asked to go and does not loses its worker, whatever keeps it: a job that runs is cancelled and killed after its
 * grace, one that has not begun is taken back, and its worker killed if it does not look at it in time. The death of a worker
 * is that of the job that it ran; those that it had not claimed are the first in line again.
 */

let pools = 0;
/** What `warmUp` runs. */
const NOTHING = (): void => {};

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
  /** What it does, for other threads. @internal */
  readonly record: PoolRecord;
  readonly #jobs: Dispatcher;
  readonly #entrance: Entrance;
  readonly #watch: PoolWatch;
  #closed: Promise<void> | undefined;

  constructor(options: ThreadPoolOptions = {}) {
    super();
    const checked = checkPoolOptions(options);
    this.name = checked.name ?? `ThreadPool-${++pools}`;
    this.record = new PoolRecord(this.name, checked.maxThreads, checked.maxQueue);
    this.#jobs = new Dispatcher(checked, this.record, () => this.#watch.changed());
    this.piscina = this.#jobs.workers;
    this.#entrance = new Entrance(this.name, this.record.id, this.#jobs, checked.maxQueue);
    this.#watch = new PoolWatch(this, this.record, this.#jobs);
    this.stats$ = this.#watch.stats$;
    this.warnings$ = this.#watch.warnings$;
    rememberPool(this.record.id, this.#jobs);
    findJobs();
    tellQueuedJobs();
  }

  /** The most jobs that run at once. @internal */
  get maxThreads(): number {
    return this.#jobs.maxThreads;
  }

  /** Jobs that would not have to wait for a worker. @internal */
  get free(): number {
    return this.#jobs.maxThreads - this.#jobs.busy;
  }

  /** Jobs that wait for a worker. @internal */
  get queued(): number {
    return this.#jobs.queued;
  }

  /** Takes no more. @internal */
  get closed(): boolean {
    return this.#entrance.closed;
  }

  /** See Entrance. @internal */
  get claim(): JobPool {
    return this.#entrance.claim;
  }

  /** @internal */
  protected execute(job: ThreadJob): void {
    this.#entrance.admit(job);
    this.#entrance.accept(job);
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
    ...argsAndOptions: RunParameters<A, PoolRunOptions>
  ): Wait<Emitted<R>> {
    const [args, options] = argsAndOptions as [args?: readonly unknown[], options?: PoolRunOptions];
    const request = checkRun(target as Target<readonly unknown[], R>, args, options, OF_POOL);
    this.#entrance.refuseIfClosed(request.options.name);
    const known = jobTarget(target as Target);
    const { signal } = request.options;
    return new Wait((settle) => {
      if (signal?.aborted === true) return void settle.reject(signal.reason);
      const job = new RunJob<R>(this.#jobs, known, request, settle);
      try {
        this.#entrance.admit(job);
        job.submit();
        return job;
      } catch (error) {
        return void settle.reject(error);
      }
    });
  }

  /**
   * `map` over what is pulled from an iterable or an async iterable, in order unless `ordered` is false: a value is asked for
   * only while fewer than `buffer` are here, so that a million of them, or an endless generator, take the memory of a few. Each
   * subscription asks for an iterator of its own; unsubscribing tells it to return, cancels what runs and drops the rest. Many
   * values travel in one message: it costs a twentieth of a job each. It is `pulled(iterable)` and `threadMap` in this pool.
   *
   * Source: CPython, `concurrent.futures.Executor.map`, with its `buffersize`.
   *
   * @throws TypeError, RangeError, ThreadError as `threadMap`
   * @example
   * await using pool = new ThreadPool();
   * const squares = pool.map([1, 2, 3], (n: number) => n * n, { buffer: 2 });
   * console.log(await firstValueFrom(squares.pipe(toArray()))); // prints [ 1, 4, 9 ]
   */
  map<T, R>(
    iterable: Iterable<T> | AsyncIterable<T>,
    target: Target<[T], R>,
    options: MapOptions<T> = {},
  ): Observable<Emitted<R>> {
    return mapIn(this, iterable, target, options);
  }

  /**
   * Cold: a job a subscription in each worker that there is, those that are starting included, whichever jobs wait; emits
   * what they give, in no particular order of the workers. One that ends before its turn, or is replaced, is left out. For what a worker keeps, such as a cache that is to be dropped; what
   * each new worker needs belongs into `setup`. Unsubscribing leaves all of them, as does the first error.
   *
   * @throws as `run`; a TypeError for a transferList and for what `transfer` marked, as what moves can go to one worker
   * @example
   * await using pool = new ThreadPool({ minThreads: 2, maxThreads: 2 });
   * console.log(await pool.broadcast((n: number) => n * 2, [21])); // prints [ 42, 42 ]
   */
  broadcast<A extends readonly unknown[], R>(
    target: Target<A, R>,
    ...argsAndOptions: RunParameters<A, RunOptions>
  ): Wait<Emitted<R>[]> {
    const [args, options] = argsAndOptions as [args?: readonly unknown[], options?: RunOptions];
    const request = checkRun(target as Target<readonly unknown[], R>, args, options);
    checkBroadcast(request);
    this.#entrance.refuseIfClosed(request.options.name);
    return new Wait((settle) => this.#broadcast(request, this.#jobs.liveSessions(), true, settle));
  }

  /**
   * Starts all of its workers, so that no job has to wait for that, and waits until each has run its `setup`, and
   * a job with which it starts: true. Workers
   * beyond `minThreads` are ended again when they are idle for `idleTimeout`. Unsubscribing ends only the waiting.
   *
   * @throws ThreadError, as the Observable's error: one did not come up, or the pool is closed
   * @example
   * await using pool = new ThreadPool({ maxThreads: 2, idleTimeout: Infinity });
   * console.log(await pool.warmUp()); // prints true
   */
  warmUp(): Wait<boolean> {
    return new Wait((settle) => {
      try {
        if (!this.closed) this.#jobs.openAll();
      } catch (error) {
        return void settle.reject(error);
      }
      // A worker that has come up may have a job for long.
      const starting = this.#jobs.liveSessions().filter(({ opened }) => !opened);
      return this.#broadcast(checkRun(NOTHING, [], { name: 'warmUp' }), starting, false, {
        resolve: () => settle.resolve(true),
        reject: (error) => settle.reject(error),
      });
    });
  }

  #broadcast<R>(
    request: RunRequest<R>,
    sessions: readonly PoolSession[],
    counts: boolean,
    settle: Settle<Emitted<R>[]>,
  ): TeardownLogic {
    const { signal, name } = request.options;
    if (signal?.aborted === true) return void settle.reject(signal.reason);
    if (this.closed) return void settle.reject(this.#entrance.isClosed(name));
    return broadcastTo(sessions, this.#jobs, request, counts, settle);
  }

  /** What the pool does now, and what became of its jobs. Costs some µs, however many jobs there were. */
  get stats(): PoolStats {
    return this.#watch.stats;
  }

  /**
   * What `stats` tells, now and whenever a job or a worker comes or goes; distinct, bursts coalesce. Never completes.
   * Unsubscribing ends only the watching. Does not keep the process alive.
   */
  readonly stats$: Observable<PoolStats>;

  /**
   * Emits when the pool begins to starve: every worker has waited for more than a second for the end of a job that is
   * queued, or for a lock that a job of the pool holds. A wait that somebody else may end, as that for an Event, is none.
   * More `maxThreads`, or Threads without a pool, get it going again. Never completes. Unsubscribing ends only the watching.
   * Does not keep the process alive.
   */
  readonly warnings$: Observable<PoolWarning>;

  /**
   * Waits until a job that comes now would begin at once, or until fewer than `buffer` jobs are queued: true; false on timeout.
   * So a loop that makes jobs faster than they are done holds no more of them than it needs. Several who wait are told one
   * after the other, in their order. Unsubscribing gives the place up.
   *
   * @throws TypeError, RangeError at the call; ThreadError, as the Observable's error, when the pool is closed
   * @example
   * await using pool = new ThreadPool({ maxThreads: 2 });
   * const sizes: Promise<number>[] = [];
   * for (const text of ['a', 'bb', 'ccc']) {
   *   await pool.room({ buffer: 2 });
   *   sizes.push(firstValueFrom(pool.run((text: string) => text.length, [text])));
   * }
   * console.log(await Promise.all(sizes)); // prints [ 1, 2, 3 ]
   */
  room(options?: RoomOptions): Wait<boolean> {
    return this.#watch.room.wait(options);
  }

  /**
   * How many jobs would begin at once, now and whenever that changes; distinct, bursts coalesce. Never completes.
   * Unsubscribing ends only the watching. Does not keep the process alive.
   */
  get room$(): Observable<number> {
    return this.#watch.room.count$;
  }

  /**
   * Lets the jobs that were accepted finish, those that are queued included, then ends the workers; resolves when they are
   * gone. A job that comes from now on is refused with a ThreadError. One that never ends keeps the pool open: unsubscribe
   * from it, or abort it.
   */
  close(): Promise<void> {
    this.#entrance.closed = true;
    this.#closed ??= this.#jobs.close().finally(() => this.record.end());
    this.#watch.room.changed();
    return this.#closed;
  }

  /** As `close`; called by `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

brand(ThreadPool, 'ThreadPool');
refuseToTravel('thread-pool', (value) => value instanceof ThreadPool, STAYS);
