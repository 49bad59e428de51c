import type { Job } from 'bullmq';
import { ThreadError } from '../errors.js';
import { runInThread } from '../operators/run-in-thread.js';
import type { ThreadPool } from '../pool/jobs/thread-pool.js';
import { jobBodyModule } from '../pool/workers/worker-files.js';
import { Semaphore } from '../primitives/semaphore.js';
import type { ModuleTarget } from '../primitives/target.js';
import { now } from '../primitives/waiting/event-loop.js';
import { JobLostError } from './errors.js';
import type { JobCodec } from './job-codec.js';
import type { JobInfo } from './job-context.js';
import { packFailure, packJobError } from './job-errors.js';
import { bullmq, type JobHost, jobKey, queuePrefix } from './job-host.js';
import { forgetTimer, type JobLink } from './job-link.js';
import {
  AGAIN,
  CANCEL,
  FAILED,
  type JobData,
  type JobMessage,
  PROGRESS,
  packMessage,
  READ,
  RESULT,
} from './job-messages.js';
import { MAX_DEATHS } from './job-options.js';
import { type Failure, JobStream, ROOM } from './job-stream.js';

/** What a serving has for each of its runs. */
export interface RunPlace {
  readonly host: JobHost;
  readonly link: JobLink;
  readonly codec: JobCodec;
  /** Name of the RemotePool. */
  readonly name: string;
  /** URL of the module whose exports are run. */
  readonly module: string;
  readonly threads: ThreadPool;
}

type Body = ModuleTarget<[string, string, readonly unknown[], JobInfo, Semaphore?], unknown>;

/** Leases without a word from who reads a stream, until he counts as gone. */
const SILENT_LEASES = 3;

/** Why a run is ended from outside. */
type Ending = 'cancelled' | 'given back' | 'lost';

/**
 * One run of a job, in the process that serves it: from the moment in which BullMQ has handed it out until it is to be moved
 * to where it belongs. The body runs in a thread; this one only carries messages.
 */
export class JobRun {
  readonly id: string;
  readonly #place: RunPlace;
  readonly #job: Job<JobData>;
  /** BullMQ's, by which the job is this run's. */
  readonly lock: string;
  #ending: Ending | undefined;
  /** What it has ended with from outside; and what ends its body with that. */
  #endedWith: Error | undefined;
  #leave: ((error: Error) => void) | undefined;
  #stream: JobStream | undefined;
  /** What it has failed with, packed. */
  #failure: string | undefined;
  /** Whether its result was told before BullMQ knew that it has moved the job. */
  #told: Promise<boolean> | undefined;

  constructor(place: RunPlace, job: Job<JobData>, lock: string) {
    this.#place = place;
    this.#job = job;
    this.lock = lock;
    this.id = job.id ?? '';
  }

  /** What BullMQ calls. Resolves with the encoded result; rejects so that BullMQ does what is to be done with the job. */
  async run(): Promise<string | null> {
    try {
      const text = await this.#run();
      this.#tellEarly(text ?? '');
      return text;
    } catch (error) {
      throw this.#ending === 'given back' ? await this.#moveBack() : await this.#explain(error);
    }
  }

  async #run(): Promise<string | null> {
    const { link, codec } = this.#place;
    const { data } = this.#job;
    const deaths = this.#job.stalledCounter - (data.forgiven ?? 0);
    if (deaths > (data.maxDeaths ?? MAX_DEATHS))
      throw new JobLostError(`job ${this.id} (${this.#job.name}) was lost: ${deaths} of its workers died`);
    const looking = this.#mayBeCancelled ? this.lookForCancel() : undefined;
    const [token] = await Promise.all([link.starts.token(this.id), looking]).catch((error) => {
      this.end('given back');
      throw error;
    });
    this.#throwIfEnded();
    const info: JobInfo = { id: this.id, attempt: this.#job.attemptsMade + 1, token };
    const args = codec.decode(data.args) as readonly unknown[];
    return data.stream === true ? this.#runStream(args, info) : this.#runToResult(args, info);
  }

  /**
   * Whether it can have been cancelled by a word that this process has not heard: while it was another's, or while nothing
   * could be heard. A job that nobody has begun yet is taken out of the queue.
   */
  get #mayBeCancelled(): boolean {
    const { host, link } = this.#place;
    const { attemptsStarted, stalledCounter } = this.#job;
    return attemptsStarted !== 1 || stalledCounter > 0 || link.missedAt > now() - host.lease;
  }

  async #runToResult(args: readonly unknown[], info: JobInfo): Promise<string | null> {
    const { threads, module, codec } = this.#place;
    const running = threads.run(body(), [module, this.#job.name, args, info], this.#options());
    const result = await new Promise((next, error) => {
      const body = running.subscribe({ next, error });
      this.#leave = (reason) => {
        body.unsubscribe();
        error(reason);
      };
    });
    return codec.encode(result, 'result') || null;
  }

  async #runStream(args: readonly unknown[], info: JobInfo): Promise<string> {
    const { threads: pool, module, codec } = this.#place;
    const room = new Semaphore(ROOM);
    const stream = new JobStream(room, (kind, count, text) => this.#tell(kind, count, text));
    this.#stream = stream;
    const values = runInThread(body(), [module, this.#job.name, args, info, room], {
      ...this.#options(),
      pool,
    });
    const left = new Promise<Failure>((resolve) => {
      this.#leave = (error) => {
        stream.leave();
        resolve({ error });
      };
    });
    const sent = stream.send(values, (value, index) => codec.encode(value, `output[${index}]`));
    const failed = await Promise.race([sent, left]);
    // An end that is told before all values were read would cut them off.
    if (this.#ending === undefined) await Promise.race([stream.end(), left]);
    if (failed !== undefined) throw failed.error;
    this.#throwIfEnded();
    return `${stream.count}`;
  }

  #throwIfEnded(): void {
    if (this.#endedWith !== undefined) throw this.#endedWith;
  }

  #options(): object {
    const { grace, timeout } = this.#job.data;
    return {
      name: this.#job.name,
      onProgress: (value: unknown) => this.#progress(value),
      ...(grace !== undefined && { grace }),
      ...(timeout !== undefined && { timeout }),
    };
  }

  #progress(value: unknown): void {
    const { codec, host } = this.#place;
    try {
      this.#tell(PROGRESS, this.#job.attemptsMade + 1, codec.encode(value, 'progress'));
    } catch (error) {
      host.report(error as Error);
    }
  }

  #tell(kind: string, count: number, text: string): void {
    const { reply } = this.#job.data;
    if (reply !== undefined) this.#place.link.outbox.tell(reply, packMessage(this.id, kind, count, text));
  }

  // ─── from outside ─────────────────────────────────────────────────────────────────────────────

  end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    // Its values cannot be called back.
    this.#ending = ending === 'given back' && this.#stream !== undefined ? 'lost' : ending;
    const job = `job ${this.id} (${this.#job.name})`;
    this.#endedWith =
      this.#ending === 'cancelled'
        ? new ThreadError(`${job} was cancelled`, { code: 'ERR_THREAD_CANCELLED' })
        : new JobLostError(`${job} is no longer run here`);
    this.#leave?.(this.#endedWith);
  }

  heard({ kind, count }: JobMessage): void {
    if (kind === CANCEL) this.end('cancelled');
    else if (kind === READ) this.#stream?.read(count);
    else if (kind === AGAIN) this.#stream?.again(count);
  }

  /** Called each third of a lease. */
  look(): void {
    if (this.#stream === undefined) return;
    if (now() - this.#stream.heardAt > SILENT_LEASES * this.#place.host.lease) this.end('cancelled');
  }

  /** It may have been told while nobody could hear. */
  async lookForCancel(): Promise<void> {
    const { host, link, name } = this.#place;
    if ((await link.commands.exists(jobKey(host, 'x', name, this.id))) === 1) this.end('cancelled');
  }

  // ─── its end ──────────────────────────────────────────────────────────────────────────────────

  async #moveBack(): Promise<Error> {
    await this.#job.moveToWait(this.lock);
    const { WaitingError } = bullmq();
    return new WaitingError();
  }

  /** What BullMQ is told, which decides by it whether the job is tried again, and keeps its message. */
  async #explain(thrown: unknown): Promise<Error> {
    const { UnrecoverableError } = bullmq();
    const { failure, error } = packFailure(thrown);
    this.#failure = failure;
    // It is another worker's by now.
    if (this.#ending === 'lost' && this.#stream === undefined) return error;
    const isLast = this.#job.attemptsMade + 1 >= (this.#job.opts.attempts ?? 1);
    const isFinal = this.#ending !== undefined || thrown instanceof JobLostError;
    // Nobody wants it, as a dead letter neither.
    if (this.#ending === 'cancelled') this.#job.opts.removeOnFail = true;
    else if (isFinal || isLast || error.name === 'UnrecoverableError')
      await this.#job.updateData({ ...this.#job.data, error: failure });
    if (!isFinal) return error;
    const final = new UnrecoverableError(error.message);
    if (error.stack !== undefined) final.stack = error.stack;
    return final;
  }

  /** Right behind BullMQ's move of the job, whose answer is not waited for, because the caller would. */
  #tellEarly(text: string): void {
    const { reply } = this.#job.data;
    if (reply === undefined || !this.#isWanted) return;
    const { host, link, name } = this.#place;
    const message = packMessage(this.id, RESULT, this.#job.attemptsMade + 1, text);
    const key = `${queuePrefix(host)}:${name}:${this.id}`;
    const cancel = jobKey(host, 'x', name, this.id);
    this.#told = link.outbox.tellEnd(reply, message, key, cancel, this.#job.attemptsStarted);
  }

  get #isWanted(): boolean {
    return this.#ending !== 'cancelled' || this.#job.data.shared === true;
  }

  /** BullMQ has moved the job: whoever waits for it is told. A result that was heard is not computed again. */
  async completed(text: string): Promise<void> {
    const told = (await this.#told) === true;
    this.#forget(told);
    if (!told && this.#isWanted) this.#tell(RESULT, this.#job.attemptsMade, text);
  }

  /** @param error - BullMQ's, which has failed the job by itself if `run` has not rejected */
  failed(error: unknown): void {
    this.#forget(false);
    if (this.#isWanted) this.#tell(FAILED, this.#job.attemptsMade, this.#failure ?? packJobError(error));
  }

  /** What stood in the engine because of it. */
  #forget(told: boolean): void {
    const { host, link, name } = this.#place;
    const { timer, shared } = this.#job.data;
    const keys = [...(told ? [] : (['x'] as const)), ...(shared === true ? (['w'] as const) : [])];
    const left = [
      ...(keys.length > 0
        ? [link.commands.del(...keys.map((kind) => jobKey(host, kind, name, this.id)))]
        : []),
      ...(timer === undefined ? [] : [forgetTimer(link.commands, timer, this.id)]),
    ];
    for (const one of left) one.catch((error) => host.report(error));
  }
}

function body(): Body {
  return { module: jobBodyModule(), export: 'runJob' };
}
