import type { Job } from 'bullmq';
import type { ThreadPool } from '../pool/jobs/thread-pool.js';
import type { Semaphore } from '../primitives/semaphore.js';
import type { ModuleTarget } from '../primitives/target.js';
import { JobLostError } from './errors.js';
import type { JobCodec } from './job-codec.js';
import type { JobInfo } from './job-context.js';
import { packFailure, packJobError } from './job-errors.js';
import { bullmq, type JobHost, jobKey, queuePrefix } from './job-host.js';
import { forgetTimer, type JobLink, wakeServing } from './job-link.js';
import { FAILED, type JobData, type JobOptions, packMessage, packMessages, RESULT } from './job-messages.js';

/** What a serving has for each of its runs. */
export interface RunPlace {
  readonly host: JobHost;
  readonly link: JobLink;
  readonly codec: JobCodec;
  /** Name of the RemotePool. */
  readonly name: string;
  /** URL of the module whose exports are run. */
  readonly module: string;
  /** What threads run for each job: job-body.ts. One object for all, because a pool looks a target up by it. */
  readonly body: Body;
  readonly threads: ThreadPool;
}

export type Body = ModuleTarget<[string, string, readonly unknown[], JobInfo, Semaphore?], unknown>;

/** Why a run is ended from outside. */
export type Ending = 'cancelled' | 'given back' | 'lost';

/** What becomes of a job when a run of it has ended: for BullMQ, which moves it, and for who waits for it. */
export class JobOutcome {
  ending: Ending | undefined;
  readonly #place: RunPlace;
  readonly #job: Job<JobData>;
  readonly #id: string;
  /** BullMQ's, by which the job is the run's. */
  readonly #lock: string;
  /** What it has failed with, packed. */
  #failure: string | undefined;
  /** BullMQ's move of the job has told of its end, if anybody wants it, and left nothing. */
  #done = false;

  constructor(place: RunPlace, job: Job<JobData>, lock: string) {
    this.#place = place;
    this.#job = job;
    this.#lock = lock;
    this.#id = job.id ?? '';
  }

  /** Whoever wants the job. */
  tell(kind: string, count: number, text: string): void {
    const { reply } = this.#job.data;
    if (reply !== undefined) this.#place.link.outbox.tell(reply, packMessage(this.#id, kind, count, text));
  }

  async #moveBack(): Promise<Error> {
    const { host, link, name } = this.#place;
    await this.#job.moveToWait(this.#lock);
    // BullMQ wakes nobody by a job with a priority that goes back.
    await wakeServing(host, link, name);
    const { WaitingError } = bullmq();
    return new WaitingError();
  }

  /** What BullMQ is told, which decides by it whether the job is tried again, and keeps its message. */
  async explain(thrown: unknown, isStream: boolean): Promise<Error> {
    if (this.ending === 'given back') return this.#moveBack();
    const { UnrecoverableError } = bullmq();
    const { failure, error } = packFailure(thrown);
    this.#failure = failure;
    // It is another worker's by now.
    if (this.ending === 'lost' && !isStream) return forBullMQ(error, Error);
    const isLast = this.#job.attemptsMade + 1 >= (this.#job.opts.attempts ?? 1);
    const isFinal =
      this.ending !== undefined || thrown instanceof JobLostError || error.name === 'UnrecoverableError';
    // It is tried again.
    if (!isFinal && !isLast) return forBullMQ(error, Error);
    // Nobody wants it, as a dead letter neither.
    if (this.ending === 'cancelled') this.#job.opts.removeOnFail = true;
    else await this.#keep(failure);
    this.#endWithMove('failed', failure);
    return forBullMQ(error, isFinal ? UnrecoverableError : Error);
  }

  /** With BullMQ's move of the job, which comes next. */
  resolved(text: string): void {
    this.#endWithMove('completed', text);
  }

  /** For who reads the dead letter: BullMQ keeps the message alone. What it has failed with is not changed by that it cannot be kept. */
  async #keep(failure: string): Promise<void> {
    try {
      await this.#job.updateData({ ...this.#job.data, error: failure });
    } catch (error) {
      this.#place.host.report(error);
    }
  }

  #endWithMove(as: 'completed' | 'failed', text: string): void {
    const { host, link, name } = this.#place;
    const { reply } = this.#job.data;
    const attempt = this.#job.attemptsMade + 1;
    const { id: dedupe, ttl } = this.#job.opts.deduplication ?? {};
    link.moves.endWith(this.#key, {
      id: this.#id,
      as,
      lock: this.#lock,
      channel: this.#isWanted ? (reply ?? '') : '',
      message: packMessages([packMessage(this.#id, as === 'completed' ? RESULT : FAILED, attempt, text)]),
      cancel: jobKey(host, 'x', name, this.#id),
      sharers: dedupe === undefined ? '' : jobKey(host, 'w', name, this.#id),
      // BullMQ leaves one that expires: of retryFailed's nothing is to stay, but what has a `ttl` is to outlive the job.
      named:
        this.#timer ??
        (dedupe === undefined || ttl !== undefined ? '' : `${queuePrefix(host)}:${name}:de:${dedupe}`),
      done: () => {
        this.#done = true;
      },
    });
  }

  /** BullMQ's. */
  get #key(): string {
    const { host, name } = this.#place;
    return `${queuePrefix(host)}:${name}:${this.#id}`;
  }

  get #timer(): string | undefined {
    return (this.#job.opts as JobOptions).timer;
  }

  get #isWanted(): boolean {
    return this.ending !== 'cancelled' || this.#job.data.shared === true;
  }

  /** BullMQ has moved the job: whoever waits for it is told. A result that was heard is not computed again. */
  completed(text: string): void {
    this.#end(RESULT, text);
  }

  /** @param error - BullMQ's, which has failed the job by itself if `run` has not rejected */
  failed(error: unknown): void {
    this.#end(FAILED, this.#failure ?? packJobError(error));
  }

  #end(kind: string, text: string): void {
    if (this.#done) return;
    this.#place.link.moves.forget(this.#key, this.#lock);
    this.#forget();
    if (this.#isWanted) this.tell(kind, this.#job.attemptsMade, text);
  }

  /** What stood in the engine because of it. */
  #forget(): void {
    const { host, link, name } = this.#place;
    const timer = this.#timer;
    const keys = this.#job.deduplicationId === undefined ? (['x'] as const) : (['x', 'w'] as const);
    const left = [
      link.commands.del(...keys.map((kind) => jobKey(host, kind, name, this.#id))),
      ...(timer === undefined ? [] : [forgetTimer(link.commands, timer, this.#id)]),
    ];
    for (const one of left) one.catch((error) => host.report(error));
  }
}

/** What BullMQ is to know of an error: some names, and one message, it takes for words of its own, and does not end the job by them. */
function forBullMQ({ name, message, stack }: Error, Kind: new (message: string) => Error): Error {
  const error = new Kind(message === 'bullmq:rateLimitExceeded' ? `${name}: ${message}` : message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
