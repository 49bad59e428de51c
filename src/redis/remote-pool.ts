import { Observable } from 'rxjs';
import { checkCount, checkOptions, show } from '../primitives/options.js';
import type { Emitted, ModuleTarget, RunParameters } from '../primitives/target.js';
import { CallerContext } from '../primitives/waiting/caller-context.js';
import { keepAlive } from '../primitives/waiting/event-loop.js';
import { onAbort } from '../primitives/waiting/on-abort.js';
import { type Settle, Wait } from '../primitives/waiting/wait.js';
import { EngineError } from './errors.js';
import { JobCodec } from './job-codec.js';
import { JobDesk } from './job-desk.js';
import { nameJobError } from './job-errors.js';
import type { JobHost } from './job-host.js';
import { awake } from './job-link.js';
import type { JobData } from './job-messages.js';
import {
  type CheckedJob,
  type CheckedPool,
  checkId,
  checkInterval,
  checkJob,
  checkPoolOptions,
  checkStream,
  checkWhen,
  OF_SCHEDULE,
  OF_TIMER,
  type RemotePoolOptions,
  type RemoteRunOptions,
} from './job-options.js';
import { poolStats, type RemotePoolStats } from './pool-stats.js';
import { RemoteRun, type RunTold } from './remote-run.js';
import { RemoteTimer } from './remote-timer.js';
import { STAYS_HERE } from './stays-here.js';

export type { RemotePoolOptions, RemoteRunOptions, RetryOptions } from './job-options.js';
export type { RemotePoolStats } from './pool-stats.js';

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

/**
 * Jobs that run on whatever machine serves the pool: `machines.pool(name)`. At least once: a job whose worker dies, or is
 * cut off for a lease, runs again elsewhere, and the first may still be running. So targets are to be idempotent, or to
 * fence what they write with `currentJob().token`. No code travels: only exports of the module that the serving process
 * named are run. Arguments and results travel as JSON, arguments of 1 MiB at most.
 *
 * Source: CPython, `concurrent.futures.Executor`; BullMQ, which keeps, retries and delays the jobs. `examples/job-farm` is
 * a program with all of it.
 *
 * @example
 * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'pool' });
 * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
 * machines.serve('paths', { module: paths });
 * const pool = machines.pool('paths', { retry: { attempts: 3 } });
 * console.log(await pool.run(paths.basename, ['/srv/a.txt'])); // prints a.txt
 * await machines.close();
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
  /** The engine has its limit, or is asked to keep it: again with the next use, where it has refused that. */
  #isLimited = false;

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
    this.#desk ??= JobDesk.of(this.#host, this.name);
    if (!this.#isLimited) this.#desk.inBackground(awake(this.#limit(this.#desk)));
    return this.#desk;
  }

  async #limit(desk: JobDesk): Promise<void> {
    const { limit } = this.#options;
    this.#isLimited = true;
    if (limit === undefined) return;
    const told = desk.untilItself(() => desk.queue.setGlobalRateLimit(limit.max, limit.per));
    await told.catch((error) => {
      this.#isLimited = false;
      throw error;
    });
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
   * @example
   * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'run' });
   * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
   * machines.serve('paths', { module: paths });
   * const job = machines.pool('paths').run(paths.extname, ['/srv/a.txt'], { timeout: 5000 });
   * console.log(await job); // prints .txt
   * await machines.close();
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
   * @example
   * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'stream' });
   * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
   * machines.serve('paths', { module: paths });
   * const values = machines.pool('paths').stream(paths.dirname, ['/srv/a.txt']);
   * await values.forEach((value) => console.log(value)); // prints /srv
   * await machines.close();
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
    if (signal !== undefined) forget = onAbort(signal, () => run.leaveWith(() => told.reject(signal.reason)));
    return () => run.leave();
  }

  /**
   * Python's Timer, which outlives this process: a job that begins in `interval` ms, and is in the queue as soon as that is
   * called. One of the same `id` is replaced, if it has not begun.
   *
   * @throws as `run`, at the call
   * @example
   * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'timer' });
   * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
   * machines.serve('paths', { module: paths });
   * const timer = machines.pool('paths').timer(100, paths.basename, ['/srv/a.txt'], { id: 'soon' });
   * console.log(timer.id, await timer.result()); // prints soon a.txt
   * await machines.close();
   */
  timer<A extends readonly unknown[], R>(
    interval: number,
    target: ModuleTarget<A, R>,
    ...argsAndOptions: RunParameters<
      A,
      Omit<RemoteRunOptions, 'delay' | 'dedupe' | 'detached' | 'signal'> & { id?: string | undefined }
    >
  ): RemoteTimer<Emitted<R>> {
    const [args = [], options = {}] = argsAndOptions as [
      args?: readonly unknown[],
      options?: RemoteRunOptions & { id?: string },
    ];
    const delay = checkInterval(interval);
    checkOptions(options, OF_TIMER);
    const { id, ...rest } = options;
    if (id !== undefined) checkId('id', id);
    const job = checkJob(this.#options, target, args, { ...rest, delay });
    const asked = { ...job, data: { ...job.data, args: this.#codec.encodeArgs(args) } };
    return new RemoteTimer(this.#host, this.#open, this.#codec, asked, id);
  }

  /**
   * Runs the target again and again, once among all processes: every so many ms, or by a cron expression. The schedule stays
   * in the engine until `unschedule`. One of the same id is replaced.
   *
   * @throws TypeError, RangeError at the call, showing the value; EngineError, which rejects, for a cron expression that is none
   * @example
   * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'schedule' });
   * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
   * const pool = machines.pool('paths');
   * await pool.schedule('nightly', { cron: '0 3 * * *', tz: 'UTC' }, paths.basename, ['/srv/a.txt']);
   * console.log(await pool.unschedule('nightly')); // prints true
   * await machines.close();
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

  /**
   * Ends a schedule; what of it is due or runs is let be. false: there was none.
   *
   * @throws TypeError, RangeError, EngineError, ThreadError ERR_POOL when the Machines is closed; all of them reject
   * @example
   * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'unschedule' });
   * console.log(await machines.pool('paths').unschedule('never')); // prints false
   * await machines.close();
   */
  async unschedule(id: string): Promise<boolean> {
    checkId('id', id);
    const desk = this.#open;
    return awake(desk.asked(() => desk.queue.removeJobScheduler(id)));
  }

  /**
   * How the pool is, now and each second; distinct. Ends only with the Machines, by a ThreadError ERR_POOL. Does not keep the
   * process alive. Unsubscribing ends only the watching.
   *
   * @example
   * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'stats' });
   * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
   * machines.serve('paths', { module: paths });
   * const { queued } = await firstValueFrom(machines.pool('paths').stats$);
   * console.log(queued); // prints 0
   * await machines.close();
   */
  readonly stats$: Observable<RemotePoolStats> = poolStats(() => this.#open);

  /**
   * The dead letters, newest first; 100 unless `limit` says otherwise. Unsubscribing ends only the waiting.
   *
   * @throws TypeError, RangeError at the call; as the Observable's error EngineError, ThreadError ERR_POOL when the Machines is closed
   * @example
   * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'failed' });
   * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
   * machines.serve('paths', { module: paths });
   * const pool = machines.pool('paths');
   * await pool.run(paths.basename, [null as never]).then(null, () => {});
   * const [letter] = await pool.failed({ limit: 1 });
   * console.log(letter?.target, letter?.error.name); // prints basename TypeError
   * await machines.close();
   */
  failed(options?: { limit?: number | undefined }): Wait<readonly FailedJob[]> {
    checkOptions(options, ['limit']);
    const limit = checkCount('limit', options?.limit ?? 100, 1, 100_000);
    return new Wait((settle) => {
      keepAlive(1);
      const context = new CallerContext();
      let over = false;
      const end = (tell = () => {}): void => {
        if (over) return;
        over = true;
        keepAlive(-1);
        context.tell(tell);
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

  /**
   * Puts a dead letter into the queue again, with all of its attempts. Others of its `dedupe` share it from then on.
   *
   * @throws TypeError, EngineError when there is none of that id, or another job of its `dedupe` waits or runs,
   * ThreadError ERR_POOL when the Machines is closed; all of them reject
   * @example
   * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'retry' });
   * const none = await machines.pool('paths').retryFailed('x').then(null, (error) => error.name);
   * console.log(none); // prints EngineError
   * await machines.close();
   */
  async retryFailed(id: string): Promise<void> {
    const desk = this.#open;
    // Not as other ids: that of a schedule's job has colons.
    if (typeof id !== 'string') throw new TypeError(`id must be a string, got ${show(id)}`);
    await awake(desk.asked(() => desk.retryFailed(id)));
  }
}
