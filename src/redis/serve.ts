import type { Job, Worker } from 'bullmq';
import {
  BehaviorSubject,
  combineLatest,
  firstValueFrom,
  from,
  NEVER,
  type Observable,
  switchMap,
} from 'rxjs';
import { ThreadPool } from '../pool/jobs/thread-pool.js';
import { jobBodyModule } from '../pool/workers/worker-files.js';
import { ofAnotherCopy } from '../primitives/brand.js';
import { checkCount, checkMs, checkOptions, show } from '../primitives/options.js';
import type { ModuleTarget } from '../primitives/target.js';
import { after, every, keepAlive, nextTurn, now } from '../primitives/waiting/event-loop.js';
import { endsApart } from './ends-apart.js';
import { JobCodec } from './job-codec.js';
import { bullmq, closedWithMachines, controlChannel, type JobHost, queuePrefix } from './job-host.js';
import { JobLink, wakeServing, wakeServingIfDue } from './job-link.js';
import { CANCEL, type JobData, readMessages } from './job-messages.js';
import { checkId } from './job-options.js';
import type { Body, RunPlace } from './job-outcome.js';
import { JobRun } from './job-run.js';
import { backoff, pause } from './pause.js';
import { STAYS_HERE } from './stays-here.js';

/** What is run of which module, and where. */
export interface ServeOptions {
  /** Whose exports may be asked for, as `threadModule` gave it. */
  module: object;
  /** Where they run. Default: a pool of its own. */
  pool?: ThreadPool | undefined;
  /** Jobs at once. Default: the pool's threads. */
  concurrency?: number | undefined;
}

/**
 * Jobs of a RemotePool that run in this process: `machines.serve(...)`. Source: BullMQ, `Worker`.
 *
 * @example
 * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'serving' });
 * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
 * await using serving = machines.serve('paths', { module: paths, concurrency: 2 });
 * console.log(await machines.pool('paths').run(paths.basename, ['/srv/a.txt'])); // prints a.txt
 * await serving.close();
 * await machines.close();
 */
export interface Serving extends AsyncDisposable {
  /**
   * How many run, now and at every change. Completes when it is closed. Unsubscribing ends only the watching.
   *
   * @example
   * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'running' });
   * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
   * const serving = machines.serve('paths', { module: paths });
   * console.log(await firstValueFrom(serving.running$)); // prints 0
   * await machines.close();
   */
  readonly running$: Observable<number>;
  /**
   * Takes no more, lets what runs finish, and resolves when all is done; after `timeout` ms what still runs is cancelled here
   * and given back to the queue, where another process takes it. A stream that is given back is a JobLostError. While the
   * engine is out of reach nobody can say what became of a job: it waits for a lease from the moment in which nothing runs here
   * any more, because by then the jobs are others'.
   *
   * @throws TypeError, RangeError for bad options
   * @example
   * const machines = new Machines({ connection: process.env.REDIS_URL ?? 'redis://localhost', namespace: 'close' });
   * const paths = threadModule<typeof import('node:path')>(new URL('node:path'));
   * const serving = machines.serve('paths', { module: paths });
   * await serving.close({ timeout: 1000 });
   * console.log('closed'); // prints closed
   * await machines.close();
   */
  close(options?: { timeout?: number | undefined }): Promise<void>;
}

/** Stalled jobs are counted by whoever runs them next, because how many deaths a job may have is its own. */
const ANY_DEATHS = 2 ** 31 - 1;

/**
 * Runs the jobs of the RemotePool `name` in this process, until it is closed: each in a thread of a ThreadPool, so that no
 * code of a target can keep its job's lease from being renewed. It keeps the process alive.
 *
 * Only functions that the module itself exports are run. `reportProgress`, generators and Observables work as in any thread;
 * `currentJob` tells a target of its job.
 *
 * @throws TypeError, RangeError showing the value; EngineError when bullmq or ioredis is not installed; ThreadError ERR_POOL
 * when the Machines is closed
 */
export function serve(host: JobHost, name: string, options: ServeOptions): Serving {
  checkId('name', name);
  if (host.closing) throw closedWithMachines(name);
  checkOptions(options, ['module', 'pool', 'concurrency']);
  const { module, pool, concurrency } = options ?? {};
  if (pool !== undefined && !(pool instanceof ThreadPool))
    throw new TypeError(`pool must be a ThreadPool, got ${show(pool)}${ofAnotherCopy(pool)}`);
  if (concurrency !== undefined) checkCount('concurrency', concurrency, 1, 2 ** 31);
  return new JobServing(host, name, moduleOf(module), pool, concurrency);
}

/** What `threadModule` gave names its module with every export. @throws TypeError */
function moduleOf(module: unknown): string {
  const any = (module as Record<string, ModuleTarget> | null | undefined)?.runJob;
  if (typeof any?.module !== 'string')
    throw new TypeError(`module must be what threadModule gave, got ${show(module)}`);
  return any.module;
}

interface Begun {
  readonly run: JobRun;
  /** Encoded. */
  readonly result: Promise<string | null>;
}

/** A job of BullMQ has its run with it, as long as BullMQ is still to tell where it has gone: a WeakMap costs the collector more. */
const BEGUN = Symbol('begun');
type ServedJob = Job<JobData> & { [BEGUN]?: Begun };

class JobServing implements Serving {
  /** See uncloneable.ts. */
  readonly uncloneable: symbol = STAYS_HERE;
  readonly running$: Observable<number>;
  readonly #count = new BehaviorSubject(0);
  readonly #place: RunPlace;
  readonly #ownThreads: ThreadPool | undefined;
  readonly #worker: Worker<JobData, string | null>;
  /** Those whose bodies run, by id. */
  readonly #runs = new Map<string, JobRun>();
  /** Cancels of jobs that do not run here, and when they were heard: the job may be on its way. */
  readonly #cancels = new Map<string, number>();
  readonly #stopNet: () => void;
  readonly #stopLooking: () => void;
  #renewing = false;
  /** What it is handed from now on, too. */
  readonly #givesBack = new BehaviorSubject(false);
  #closed: Promise<void> | undefined;

  constructor(
    host: JobHost,
    name: string,
    module: string,
    threads: ThreadPool | undefined,
    concurrency: number | undefined,
  ) {
    const { Worker } = bullmq();
    const link = JobLink.of(host);
    this.running$ = endsApart(this.#count);
    this.#ownThreads = threads === undefined ? new ThreadPool({ name: `serve ${name}` }) : undefined;
    const pool = threads ?? (this.#ownThreads as ThreadPool);
    const body: Body = { module: jobBodyModule(), export: 'runJob' };
    this.#place = { host, link, name, module, body, threads: pool, codec: new JobCodec(host.codec) };
    host.join();
    keepAlive(1);
    this.#worker = new Worker(name, (job) => this.#process(job), {
      autorun: false,
      connection: link.commands,
      prefix: queuePrefix(host),
      concurrency: concurrency ?? pool.maxThreads,
      lockDuration: host.lease,
      skipLockRenewal: true,
      stalledInterval: host.lease,
      maxStalledCount: ANY_DEATHS,
      // ms until it looks for jobs again after the engine was out of reach.
      runRetryDelay: 500,
    });
    link.onWaitsAgain(() => this.#wake());
    this.#worker.on('error', (error) => host.report(error));
    this.#worker.on('active', (job) => {
      // BullMQ fails it by itself.
      if (job.deferredFailure === undefined) this.#begin(job);
    });
    this.#worker.on('completed', (job: ServedJob, text) => job[BEGUN]?.run.outcome.completed(text ?? ''));
    this.#worker.on('failed', (job: ServedJob | undefined, error) => {
      // Not for good: it is tried again.
      if (job?.finishedOn !== undefined) job[BEGUN]?.run.outcome.failed(error);
    });
    this.#stopNet = every(host.lease / 3, () => this.#look());
    this.#stopLooking = link.onAgain(() => this.#lookForCancels());
    host.atClose(() => this.close({ timeout: 0 }));
    void this.#open().catch((error) => host.report(error));
  }

  async #open(): Promise<void> {
    for (let attempt = 0; this.#closed === undefined && !(await this.#listens()); attempt++)
      await pause(backoff(attempt));
    await this.#worker.run();
  }

  /** false: it may be refused no more the next time. */
  async #listens(): Promise<boolean> {
    const { host, link, name } = this.#place;
    try {
      await link.listen(controlChannel(host, name), this.#heard);
      return true;
    } catch (error) {
      host.report(error);
      return false;
    }
  }

  readonly #heard = (text: string): void => {
    for (const message of readMessages(text)) {
      const run = this.#runs.get(message.id);
      if (run !== undefined) run.heard(message);
      else if (message.kind === CANCEL) this.#cancels.set(message.id, now());
    }
  };

  #look(): void {
    const { host, link, name } = this.#place;
    this.#renew().catch((error) => host.report(error));
    // A mark may have gone to one whose link is half open, or that was killed with it; BullMQ looks by itself after 5 to 10 s.
    wakeServingIfDue(host, link, name).catch((error) => host.report(error));
    for (const run of this.#runs.values()) run.look();
    for (const [id, heardAt] of this.#cancels) {
      if (heardAt > now() - host.lease) break;
      this.#cancels.delete(id);
    }
  }

  /** Not by BullMQ, which tells by the wall clock what is to be renewed, and renews nothing while that was set back. */
  async #renew(): Promise<void> {
    const runs = [...this.#runs.values()];
    if (runs.length === 0 || this.#renewing) return;
    this.#renewing = true;
    try {
      const ids = runs.map(({ id }) => id);
      const locks = runs.map(({ lock }) => lock);
      const lost = await this.#worker.extendJobLocks(ids, locks, this.#place.host.lease);
      // Others may have the job by now: its end would not count.
      for (const run of runs) if (lost.includes(run.id)) run.end('lost');
    } finally {
      this.#renewing = false;
    }
  }

  /** Before BullMQ has it processed, which is once it has looked for another one. */
  #begin(job: ServedJob): Begun {
    const run = new JobRun(this.#place, job, job.token ?? '');
    // Its lease has ended unnoticed.
    this.#runs.get(run.id)?.end('lost');
    this.#runs.set(run.id, run);
    this.#count.next(this.#runs.size);
    if (this.#cancels.delete(run.id)) run.end('cancelled');
    if (this.#givesBack.value) run.end('given back');
    if (this.#place.threads.closed) {
      // Its user has closed the pool: others are to have the job.
      run.end('given back');
      this.close().catch((error) => this.#place.host.report(error));
    }
    const result = run.run();
    // BullMQ may be still to take it.
    result.catch(() => {});
    const begun = { run, result };
    job[BEGUN] = begun;
    return begun;
  }

  /** What BullMQ calls. */
  async #process(job: ServedJob): Promise<string | null> {
    const { run, result } = job[BEGUN] ?? this.#begin(job);
    try {
      return await result;
    } finally {
      if (this.#runs.get(run.id) === run) this.#runs.delete(run.id);
      this.#count.next(this.#runs.size);
    }
  }

  #lookForCancels(): void {
    for (const run of this.#runs.values())
      run.lookForCancel().catch((error) => this.#place.host.report(error));
  }

  close(options?: { timeout?: number | undefined }): Promise<void> {
    checkOptions(options, ['timeout']);
    const timeout = checkMs('timeout', options?.timeout ?? Number.POSITIVE_INFINITY);
    const stop = timeout === Number.POSITIVE_INFINITY ? () => {} : after(timeout, () => this.#giveBack());
    this.#closed ??= this.#close();
    return this.#closed.finally(stop);
  }

  /** Whoever waits for jobs looks for them. */
  #wake(): void {
    const { host, link, name } = this.#place;
    wakeServing(host, link, name).catch((error) => host.report(error));
  }

  #giveBack(): void {
    for (const run of this.#runs.values()) run.end('given back');
    this.#givesBack.next(true);
  }

  /** Resolves where what has run here could not be moved within a lease. What is handed out yet, as the engine answers, goes back. */
  async #allAreOthers(): Promise<void> {
    const { lease } = this.#place.host;
    const silent = combineLatest([this.#count, this.#givesBack]).pipe(
      switchMap(([runs, ended]) => (runs > 0 && !ended ? NEVER : from(pause(lease)))),
    );
    await firstValueFrom(silent);
    this.#giveBack();
  }

  async #close(): Promise<void> {
    const { host, link, name } = this.#place;
    try {
      await Promise.race([this.#worker.close(), this.#allAreOthers()]);
      // What had woken this one goes to another: that there is a job, or when a delayed one is due.
      this.#wake();
      await this.#ownThreads?.close();
      // What has ended last is told as the loop turns.
      await new Promise<void>((told) => nextTurn(told));
      // The engine may be out of reach.
      link.leave(controlChannel(host, name), this.#heard).catch((error) => host.report(error));
    } finally {
      this.#stopNet();
      this.#stopLooking();
      keepAlive(-1);
      this.#count.complete();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
