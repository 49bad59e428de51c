import type { JobsOptions } from 'bullmq';
import { ThreadError } from '../errors.js';
import { CallerContext } from '../primitives/waiting/caller-context.js';
import { keepAlive, now } from '../primitives/waiting/event-loop.js';
import { JobLostError } from './errors.js';
import type { JobCodec } from './job-codec.js';
import type { JobEnd } from './job-commands.js';
import type { JobDesk, JobEntry, JobWaiter } from './job-desk.js';
import { unpackJobError } from './job-errors.js';
import { awake } from './job-link.js';
import { ENDED, FAILED, type JobData, type JobMessage, PROGRESS, RESULT, VALUES } from './job-messages.js';
import { JobReader } from './job-reader.js';

/** What was asked for, checked and encoded. */
export interface AskedJob {
  /** Of the export. */
  readonly name: string;
  readonly data: JobData;
  readonly options: JobsOptions;
  readonly detached: boolean;
  readonly onProgress: ((value: unknown, attempt: number) => void) | undefined;
}

/** Who is told what becomes of it, in the async context in which it was begun. */
export interface RunTold {
  value?(value: unknown): void;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/**
 * One subscription of `run` or `stream`, at the caller.
 *
 * ON_ITS_WAY -the engine has it-> ACCEPTED -it has ended, or is left-> OVER;  ON_ITS_WAY -left-> LEAVING -the engine has it-> OVER
 */
const ON_ITS_WAY = 0;
const ACCEPTED = 1;
const LEAVING = 2;
const OVER = 3;

export class RemoteRun implements JobEntry, JobWaiter {
  readonly name: string;
  readonly data: JobData;
  readonly options: JobsOptions;
  readonly outlives: boolean;
  heardAt: number = now();
  id = '';
  readonly #desk: JobDesk;
  readonly #codec: JobCodec;
  readonly #asked: AskedJob;
  readonly #told: RunTold;
  /** Called once it is over. */
  readonly #ended: () => void;
  readonly #context = new CallerContext();
  #state = OVER;
  #acceptedAt = Number.POSITIVE_INFINITY;
  /** Its own among those that share the job. */
  #place = '';
  /** Of a stream. */
  readonly #reader: JobReader;

  /** @param ended - called once it is over, also for who has left, and before anybody is told */
  constructor(desk: JobDesk, codec: JobCodec, asked: AskedJob, told: RunTold, ended: () => void) {
    const { name, data, options } = asked;
    this.#desk = desk;
    this.#codec = codec;
    this.#asked = asked;
    this.#told = told;
    this.#ended = ended;
    this.name = name;
    this.data = { ...data, reply: data.shared === true ? desk.sharedChannel : desk.channel };
    this.options = options;
    this.outlives = asked.detached;
    this.#reader = new JobReader(
      codec,
      desk.half,
      (value) => {
        this.#context.run(() => told.value?.(value));
        return this.#state !== OVER;
      },
      (kind, count) => desk.inBackground(desk.say(this.id, kind, count)),
    );
  }

  begin(): void {
    keepAlive(1);
    this.#enqueue();
  }

  /** Waits for a job that somebody else adds. */
  attach(id: string, added: Promise<void>): void {
    keepAlive(1);
    this.#state = ON_ITS_WAY;
    this.id = id;
    this.#desk.wait(id, this);
    added.then(
      () => {
        this.accepted(id);
        this.#desk.inBackground(this.#desk.look(id));
      },
      (error) => this.#reject(error),
    );
  }

  #enqueue(): void {
    this.#state = ON_ITS_WAY;
    this.id = this.#desk.newId();
    this.#place = this.id;
    this.#desk.wait(this.id, this);
    this.#desk.add(this);
  }

  accepted(id: string): void {
    const left = this.#state === LEAVING;
    if (id !== this.id) this.#desk.forget(this.id, this);
    // Those who share it must not end it when they leave.
    if (this.#state >= LEAVING && this.#asked.detached) this.#join(id);
    if (left) {
      this.id = id;
      this.#end();
      if (!this.#asked.detached) this.#cancel();
      return;
    }
    if (this.#state !== ON_ITS_WAY) return;
    this.#state = ACCEPTED;
    this.#acceptedAt = now();
    this.heardAt = this.#acceptedAt;
    this.#join(id);
    if (id === this.id) return;
    this.id = id;
    this.#desk.wait(id, this);
    // It may have ended just before.
    this.#desk.inBackground(this.#desk.look(id));
  }

  #join(id: string): void {
    if (this.data.shared !== true) return;
    this.#desk.inBackground(this.#desk.untilItself(() => this.#desk.joinShared(id, this.#place)));
  }

  refused(error: unknown): void {
    // Nobody waits for it, though it was to go on.
    if (this.#state === LEAVING && this.#asked.detached) this.#desk.inBackground(Promise.reject(error));
    this.#reject(error);
  }

  /** Nobody wants it any more. */
  leave(): void {
    if (this.#state === OVER || this.#state === LEAVING) return;
    if (this.#state === ACCEPTED) {
      this.#end();
      if (!this.#asked.detached) this.#cancel();
    } else if (!this.#asked.detached && this.#desk.takeBack(this)) this.#end();
    else this.#state = LEAVING;
  }

  /** The same, and its user is told why. */
  leaveWith(tell: () => void): void {
    this.leave();
    this.#context.tell(tell);
  }

  #cancel(): void {
    const shared = this.data.shared === true;
    const leaving = this.#desk.untilItself<unknown>(() =>
      shared ? this.#desk.leaveShared(this.id, this.#place) : this.#desk.cancel(this.id),
    );
    this.#desk.inBackground(awake(leaving));
  }

  // ─── as it is told ────────────────────────────────────────────────────────────────────────────

  heard({ kind, count, text }: JobMessage): void {
    if (this.#state >= LEAVING) return;
    this.heardAt = now();
    if (kind === RESULT) this.#resolve(text);
    else if (kind === FAILED) this.#failed(unpackJobError(text));
    else if (kind === PROGRESS) this.#progress(text, count);
    else if (kind === VALUES) this.#values(text, count);
    else if (kind === ENDED) this.#reader.ended(count);
  }

  found(end: JobEnd, askedAt: number): void {
    if (this.#state >= LEAVING) return;
    if (end === 'gone') {
      if (this.#acceptedAt < askedAt) this.#gone();
    } else if ('result' in end) this.#resolve(end.result);
    else this.#failed(typeof end.error === 'string' ? unpackJobError(end.error) : end.error);
  }

  again(): void {
    if (this.data.stream === true && this.#state === ACCEPTED) this.#reader.again();
  }

  #gone(): void {
    if (this.data.shared === true) this.#onceMore();
    else this.#reject(new JobLostError(`job ${this.id} (${this.name}) is gone from the engine`));
  }

  /** Another who shared it has cancelled it in this very moment. */
  #onceMore(): void {
    this.#desk.forget(this.id, this);
    this.#desk.inBackground(this.#desk.forgetShared(this.id, this.#place));
    this.#acceptedAt = Number.POSITIVE_INFINITY;
    this.#enqueue();
  }

  #failed(error: unknown): void {
    const cancelled = error instanceof ThreadError && error.code === 'ERR_THREAD_CANCELLED';
    if (cancelled && this.data.shared === true) this.#onceMore();
    else this.#reject(error);
  }

  #progress(text: string, attempt: number): void {
    const { onProgress } = this.#asked;
    if (onProgress === undefined) return;
    let value: unknown;
    try {
      value = this.#codec.decode(text);
    } catch (error) {
      this.#unread(error);
      return;
    }
    this.#context.tell(() => onProgress(value, attempt));
  }

  #values(text: string, first: number): void {
    try {
      this.#reader.values(text, first);
    } catch (error) {
      this.#unread(error);
    }
  }

  /** Nobody can have what it tells while it runs. */
  #unread(error: unknown): void {
    this.#reject(error);
    if (!this.#asked.detached) this.#cancel();
  }

  #resolve(text: string): void {
    let result: unknown;
    try {
      result = this.#codec.decode(text);
    } catch (error) {
      this.#reject(error);
      return;
    }
    if (this.#finish()) this.#context.tell(() => this.#told.resolve(result));
  }

  #reject(error: unknown): void {
    const told = this.#state !== LEAVING;
    if (this.#finish() && told) this.#context.tell(() => this.#told.reject(error));
  }

  /** The job has. false: it was over already. */
  #finish(): boolean {
    const ended = this.#end();
    if (ended && this.data.shared === true && !this.#asked.detached)
      this.#desk.inBackground(awake(this.#desk.forgetShared(this.id, this.#place)));
    return ended;
  }

  #end(): boolean {
    if (this.#state === OVER) return false;
    this.#state = OVER;
    this.#desk.forget(this.id, this);
    keepAlive(-1);
    this.#ended();
    return true;
  }
}
