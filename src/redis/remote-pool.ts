import { isDeepStrictEqual } from 'node:util';
import { Observable } from 'rxjs';
import { checkCount, checkMs, checkOptions, show } from '../primitives/options.js';
import type { Emitted, ModuleTarget, RunParameters } from '../primitives/target.js';
import { DistinctSubscribers } from '../primitives/waiting/audience.js';
import { keepAlive } from '../primitives/waiting/event-loop.js';
import { onAbort } from '../primitives/waiting/on-abort.js';
import { type Settle, Wait } from '../primitives/waiting/wait.js';
import { EngineError } from './errors.js';
import { JobCodec } from './job-codec.js';
import { JobDesk } from './job-desk.js';
import { nameJobError } from './job-errors.js';
import { controlChannel, type JobHost } from './job-host.js';
import { awake } from './job-link.js';
import type { JobData } from './job-messages.js';
import {
  type CheckedJob,
  type CheckedPool,
  checkId,
  checkJob,
  checkPoolOptions,
  checkStream,
  checkWhen,
  OF_RUN,
  type RemotePoolOptions,
  type RemoteRunOptions,
} from './job-options.js';
import { RemoteRun, type RunTold } from './remote-run.js';
import { RemoteTimer } from './remote-timer.js';
import { STAYS_HERE } from './stays-here.js';

export type { RemotePoolOptions, RemoteRunOptions, RetryOptions } from './job-options.js';

/** A pool between machines as it is now. */
export interface RemotePoolStats {
  /** Jobs that wait for a process. */
  readonly queued: number;
  /** Jobs whose time has not come. */
  readonly delayed: number;
  /** Jobs that run. */
  readonly running: number;
  /** The dead letters. */
  readonly failed: number;
  /** Processes that serve it. */
  readonly workers: number;
}

/** A job that has used up its attempts. */
export interface FailedJob {
  /** For `retryFailed`. */
  readonly id: string;
  /** Name of the export. */
  readonly target: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** Of the last attempt. */
  readonly error: { readonly name: string; readonly message: string };
  /** ms since the epoch. */
  readonly failedAt: number;
}

/** How often `stats$` looks, in ms. */
const LOOK_EVERY = 1000;

/**
 * Jobs that run on whatever machine serves the pool: `machines.pool(name)`. At least once: a job whose worker dies, or is
 * cut off for a lease, runs again elsewhere, and the first may still be running. So targets are to be idempotent, or to
 * fence what they write with `currentJob().token`. No code travels: only exports of the module that the serving process
 * named are run. Arguments and results travel as JSON, arguments of 1 MiB at most.
 *
 * Source: CPython, `concurrent.futures.Executor`; BullMQ, which keeps, retries and delays the jobs. `examples/job-farm` is
 * a program with all of it.
 */
export class RemotePool {
  /** See uncloneable.ts. @internal */
  readonly uncloneable: symbol = STAYS_HERE;
  /** The queue's name, the same for all who use or serve it. */
  readonly name: string;
  readonly #host: JobHost;
  readonly #options: CheckedPool;
  readonly #codec: JobCodec;
  #desk: JobDesk | undefined;
  readonly #watchers = new DistinctSubscribers<RemotePoolStats>(isDeepStrictEqual);
  #looking: NodeJS.Timeout | undefined;

  /** @internal */
  constructor(host: JobHost, name: string, options: RemotePoolOptions = {}) {
    this.name = checkId('name', name);
    this.#options = checkPoolOptions(options);
    this.#host = host;
    this.#codec = new JobCodec(host.codec);
  }

  /** Made with the first use, because it opens connections. @throws EngineError */
  get #open(): JobDesk {
    this.#desk?.checkOpen();
    if (this.#desk !== undefined) return this.#desk;
    const desk = new JobDesk(this.#host, this.name);
    const { limit } = this.#options;
    if (limit !== undefined) desk.inBackground(awake(desk.queue.setGlobalRateLimit(limit.max, limit.per)));
    this.#desk = desk;
    return desk;
  }

  /** BullMQ's own Queue, for what this class does not cover. @throws EngineError when it is not installed */
  get queue(): unknown {
    return this.#open.queue;
  }

  /**
   * Cold: a job a subscription. It is put into the queue with its arguments as they are then. Emits the result, or the last
   * value of what the target streams, and completes. While the engine is out of reach it waits on.
   *
   * Unsubscribing, or `signal`, removes it from the queue or reaches it where it runs: there its signal aborts, and its
   * worker thread is killed after `grace`. A cancelled job is not tried again.
   *
   * @param argsAndOptions - the target's arguments, which may be left out when it needs none; then the options
   * @throws TypeError, RangeError at the call, for options and for a target that is a function; as the Observable's error:
   * the target's (name, message, code, stack), TypeError naming the place of what JSON would lose, JobLostError, RxJS's
   * TimeoutError, EngineError, ThreadError ERR_POOL when the Machines is closed
   */
  run<A extends readonly unknown[], R>(
    target: ModuleTarget<A, R>,
    ...argsAndOptions: RunParameters<A, RemoteRunOptions>
  ): Wait<Emitted<R>> {
    const [args, options] = argsAndOptions as [args?: readonly unknown[], options?: RemoteRunOptions];
    const job = checkJob(this.#options, target, args, options);
    return new Wait((settle) => this.#subscribe(job, args, settle as Settle<unknown>));
  }

  /**
   * Cold: a job a subscription. Emits every value of what the target streams, in order, none twice, or what it returns.
   * There is one attempt: the death of its worker is a JobLostError. Unsubscribing is as for `run`. The target is
   * held back while the subscriber, which is called for each value in turn, is 1,000 values behind; an Observable cannot be. A
   * subscriber that keeps its thread busy for three leases at a time counts as gone.
   *
   * @throws as `run`
   */
  stream<A extends readonly unknown[], R>(
    target: ModuleTarget<A, R>,
    ...argsAndOptions: RunParameters<A, Omit<RemoteRunOptions, 'retry' | 'detached' | 'dedupe'>>
  ): Observable<Emitted<R>> {
    const [args, options] = argsAndOptions as [args?: readonly unknown[], options?: RemoteRunOptions];
    const job = checkStream(this.#options, target, args, options);
    return new Observable<unknown>((subscriber) =>
      this.#subscribe(job, args, {
        value: (value) => subscriber.next(value),
        resolve: () => subscriber.complete(),
        reject: (error) => subscriber.error(error),
      }),
    ) as Observable<Emitted<R>>;
  }

  #subscribe(job: CheckedJob, args: readonly unknown[] = [], told: RunTold): (() => void) | undefined {
    const { signal } = job;
    if (signal?.aborted === true) return void told.reject(signal.reason);
    let forget = (): void => {};
    let run: RemoteRun;
    try {
      const data = { ...job.data, args: this.#codec.encodeArgs(args) };
      run = new RemoteRun(this.#open, this.#codec, { ...job, data }, told, () => forget());
    } catch (error) {
      return void told.reject(error);
    }
    run.begin();
    if (signal !== undefined)
      forget = onAbort(signal, () => {
        run.leave();
        told.reject(signal.reason);
      });
    return () => run.leave();
  }

  /**
   * Python's Timer, which outlives this process: a job that begins in `interval` ms, and is in the queue as soon as that is
   * called. One of the same `id` is replaced, if it has not begun.
   *
   * @throws as `run`, at the call
   */
  timer<A extends readonly unknown[], R>(
    interval: number,
    target: ModuleTarget<A, R>,
    ...argsAndOptions: RunParameters<A, RemoteRunOptions & { id?: string | undefined }>
  ): RemoteTimer<Emitted<R>> {
    const [args = [], options = {}] = argsAndOptions as [
      args?: readonly unknown[],
      options?: RemoteRunOptions & { id?: string },
    ];
    checkMs('interval', interval);
    checkOptions(options, [...OF_RUN, 'id']);
    const { id, ...rest } = options;
    if (id !== undefined) checkId('id', id);
    const job = checkJob(this.#options, target, args, { ...rest, delay: Math.ceil(interval) });
    const asked = { ...job, data: { ...job.data, args: this.#codec.encodeArgs(args) } };
    return new RemoteTimer(this.#host, this.#open, this.#codec, asked, id);
  }

  /**
   * Runs the target again and again, once among all processes: every so many ms, or by a cron expression. The schedule stays
   * in the engine until `unschedule`. One of the same id is replaced.
   *
   * @throws TypeError, RangeError at the call, showing the value; EngineError, which rejects, for a cron expression that is none
   */
  async schedule<A extends readonly unknown[]>(
    id: string,
    when: { readonly every: number } | { readonly cron: string; readonly tz?: string | undefined },
    target: ModuleTarget<A, unknown>,
    ...argsAndOptions: RunParameters<
      A,
      Omit<RemoteRunOptions, 'delay' | 'dedupe' | 'detached' | 'signal' | 'onProgress'>
    >
  ): Promise<void> {
    const [args = [], options] = argsAndOptions as [args?: readonly unknown[], options?: RemoteRunOptions];
    checkId('id', id);
    const repeat = checkWhen(when);
    const job = checkJob(this.#options, target, args, options, OF_SCHEDULE);
    const data: JobData = { ...job.data, args: this.#codec.encodeArgs(args) };
    const template = { name: job.name, data, opts: job.options };
    const desk = this.#open;
    try {
      await awake(desk.queue.upsertJobScheduler(id, repeat, template));
    } catch (cause) {
      desk.checkOpen();
      throw new EngineError(`${this.name} takes no schedule ${show(when)}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  /** Ends a schedule; what of it runs is let be. false: there was none. */
  async unschedule(id: string): Promise<boolean> {
    checkId('id', id);
    const desk = this.#open;
    return awake(desk.asked(() => desk.queue.removeJobScheduler(id)));
  }

  /**
   * How the pool is, now and each second; distinct. Ends only with the Machines, by a ThreadError ERR_POOL. Unsubscribing ends only the watching. Does not keep the
   * process alive.
   */
  readonly stats$: Observable<RemotePoolStats> = new Observable((subscriber) => {
    const desk = this.#open;
    const stop = desk.onClose((error) => subscriber.error(error));
    desk.inBackground(
      this.#look(desk).then((stats) => {
        if (subscriber.closed) return;
        this.#watchers.add(subscriber, stats);
        this.#looking ??= setInterval(() => desk.inBackground(this.#lookAgain(desk)), LOOK_EVERY).unref();
      }),
    );
    return () => {
      stop();
      this.#watchers.delete(subscriber);
      if (this.#watchers.size > 0) return;
      clearInterval(this.#looking);
      this.#looking = undefined;
    };
  });

  async #lookAgain(desk: JobDesk): Promise<void> {
    this.#watchers.emit(await this.#look(desk));
  }

  async #look({ queue, link }: JobDesk): Promise<RemotePoolStats> {
    const [counts, listening] = await Promise.all([
      queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active', 'failed'),
      link.commands.pubsub('NUMSUB', controlChannel(this.#host, this.name)),
    ]);
    const { waiting = 0, prioritized = 0, delayed = 0, active = 0, failed = 0 } = counts;
    const queued = waiting + prioritized;
    return { queued, delayed, running: active, failed, workers: Number(listening[1] ?? 0) };
  }

  /** The dead letters, newest first; 100 unless `limit` says otherwise. Unsubscribing ends only the waiting. */
  failed(options?: { limit?: number | undefined }): Wait<readonly FailedJob[]> {
    checkOptions(options, ['limit']);
    const limit = checkCount('limit', options?.limit ?? 100, 1, 100_000);
    return new Wait((settle) => {
      keepAlive(1);
      let over = false;
      const end = (tell?: () => void): void => {
        if (over) return;
        over = true;
        keepAlive(-1);
        tell?.();
      };
      this.#failed(limit).then(
        (jobs) => end(() => settle.resolve(jobs)),
        (error) => end(() => settle.reject(error)),
      );
      return () => end();
    });
  }

  async #failed(limit: number): Promise<readonly FailedJob[]> {
    const desk = this.#open;
    const jobs = await desk.asked(() => desk.queue.getFailed(0, limit - 1));
    return jobs.map(({ id = '', name, data, attemptsMade, failedReason, finishedOn = 0 }) => {
      const { error } = data as JobData;
      const told = error === undefined ? { name: 'Error', message: failedReason } : nameJobError(error);
      return { id, target: name, attempts: attemptsMade, error: told, failedAt: finishedOn };
    });
  }

  /** Puts a dead letter into the queue again, with all of its attempts. @throws EngineError, which rejects, when there is none of that id */
  async retryFailed(id: string): Promise<void> {
    await awake(this.#open.retryFailed(checkId('id', id)));
  }
}

/** A schedule is nobody's subscription. */
const OF_SCHEDULE: readonly string[] = ['priority', 'retry', 'timeout', 'grace'];
