import type { Job } from 'bullmq';
import { ThreadError } from '../errors.js';
import { runInThread } from '../operators/run-in-thread.js';
import { jobBodyModule } from '../pool/workers/worker-files.js';
import { Semaphore } from '../primitives/semaphore.js';
import type { ModuleTarget } from '../primitives/target.js';
import { now } from '../primitives/waiting/event-loop.js';
import { JobLostError } from './errors.js';
import type { JobInfo } from './job-context.js';
import { jobKey } from './job-host.js';
import { AGAIN, CANCEL, type JobData, type JobMessage, PROGRESS, READ } from './job-messages.js';
import { MAX_DEATHS } from './job-options.js';
import { type Ending, JobOutcome, type RunPlace } from './job-outcome.js';
import { type Failure, JobStream, ROOM } from './job-stream.js';

type Body = ModuleTarget<[string, string, readonly unknown[], JobInfo, Semaphore?], unknown>;

/** Leases without a word from who reads a stream, until he counts as gone. */
const SILENT_LEASES = 3;

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
  readonly outcome: JobOutcome;
  /** What it has ended with from outside; and what ends its body with that. */
  #endedWith: Error | undefined;
  #leave: ((error: Error) => void) | undefined;
  #stream: JobStream | undefined;

  constructor(place: RunPlace, job: Job<JobData>, lock: string) {
    this.#place = place;
    this.#job = job;
    this.lock = lock;
    this.id = job.id ?? '';
    this.outcome = new JobOutcome(place, job, lock);
  }

  /** What BullMQ calls. Resolves with the encoded result; rejects so that BullMQ does what is to be done with the job. */
  async run(): Promise<string | null> {
    try {
      const text = await this.#run();
      this.outcome.resolved(text ?? '');
      return text;
    } catch (error) {
      throw await this.outcome.explain(error, this.#stream !== undefined);
    }
  }

  async #run(): Promise<string | null> {
    const { link, codec } = this.#place;
    const { data } = this.#job;
    const looking = this.#mayBeCancelled ? this.lookForCancel() : undefined;
    // Also of one that will not run, because a later run of the job must not find it.
    const [token] = await Promise.all([link.moves.token(this.id), looking]).catch((error) => {
      this.end('given back');
      throw error;
    });
    this.#throwIfEnded();
    const deaths = this.#job.stalledCounter - (data.forgiven ?? 0);
    if (deaths > (data.maxDeaths ?? MAX_DEATHS))
      throw new JobLostError(`job ${this.id} (${this.#job.name}) was lost: ${deaths} of its workers died`);
    const info: JobInfo = { id: this.id, attempt: this.#job.attemptsMade + 1, token };
    const args = codec.decodeArgs(data.args);
    try {
      return await (data.stream === true ? this.#runStream(args, info) : this.#runToResult(args, info));
    } catch (error) {
      throw codec.explain(error, args);
    }
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
    const stream = new JobStream(room, (kind, count, text) => this.outcome.tell(kind, count, text));
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
    if (this.outcome.ending === undefined) await Promise.race([stream.end(), left]);
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
      this.outcome.tell(PROGRESS, this.#job.attemptsMade + 1, codec.encode(value, 'progress'));
    } catch (error) {
      host.report(error as Error);
    }
  }

  // ─── from outside ─────────────────────────────────────────────────────────────────────────────

  end(ending: Ending): void {
    const { outcome } = this;
    if (outcome.ending !== undefined) return;
    // Its values cannot be called back.
    outcome.ending = ending === 'given back' && this.#stream !== undefined ? 'lost' : ending;
    const job = `job ${this.id} (${this.#job.name})`;
    this.#endedWith =
      outcome.ending === 'cancelled'
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
}

function body(): Body {
  return { module: jobBodyModule(), export: 'runJob' };
}
