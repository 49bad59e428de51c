import { ThreadError } from '../../errors.js';
import { markDied, markStopped, setWorker, withdraw } from '../../primitives/threads/thread-slots.js';
import { decodeTo, type Encoded, unpackError } from '../wire/codec.js';
import {
  CANCELLED,
  type CancelMessage,
  COMPLETED,
  type ProgressMessage,
  RETURNED,
  RETURNED_ENCODED,
  type ValuesMessage,
  WINDOW,
} from '../wire/messages.js';
import { saidBy } from '../wire/value-kinds.js';
import { countChild } from '../workers/children.js';
import type { Job, JobEnd, WorkerExit } from '../workers/job.js';
import type { JobListener } from '../workers/thread-job.js';
import type { Outcome } from './outcome.js';
import { isInitFailure, noThread } from './start.js';

/** The thread of a ThreadRun, as StartedHere implements it. */
export interface Started {
  readonly ident: number;
  readonly name: string;
  readonly daemon: boolean;
  readonly outcome: Outcome<unknown>;
  /** The thread has reported a value with `reportProgress`. */
  progress(value: unknown): void;
  /** The thread has ended: bookkeeping, before its result or error is delivered. */
  beforeOutcome(): void;
  /** The result or error has been delivered: now those who joined the thread are woken. */
  afterOutcome(): void;
}

/**
 * A started thread, seen from the thread that started it: the job that it is, and what its worker says of it. Exactly one
 * of an end and the worker's exit ends the run.
 */
export class ThreadRun implements JobListener {
  readonly #thread: Started;
  readonly #job: Job;
  #ended = false;
  /** How many values of its stream have come. */
  #came = 0;
  /** Why the thread has failed: something that it sent cannot be read. */
  #unread: ThreadError | undefined;
  /** Values that were read here and that the thread has got no credit for yet. */
  #toCredit = 0;

  /** @param job - given to a worker, or in a line */
  constructor(thread: Started, job: Job) {
    this.#thread = thread;
    this.#job = job;
    // One that can be taken back outlives the worker that was to run it.
    if (job.session !== undefined && !job.returns) setWorker(thread.ident, job.session.workerId);
    countChild(1, thread.daemon);
  }

  get isOver(): boolean {
    return this.#ended;
  }

  post(message: CancelMessage): void {
    if (!this.#ended) this.#job.post(message);
  }

  /** Hears now what the thread has said so far. */
  drain(): void {
    if (!this.#ended) this.#job.drain();
  }

  /** Outcome has read so many values: the thread may send as many more, told in quarters of the window. */
  request(values: number): void {
    this.#toCredit += values;
    if (this.#toCredit < WINDOW / 4 || this.#ended) return;
    this.#job.credit(this.#toCredit);
    this.#toCredit = 0;
  }

  /** Sees to it that a thread that has not begun never does; false: it has. */
  withdraw(grace: number): boolean {
    return this.#ended || this.#job.withdraw(grace);
  }

  /**
   * Asked before and while this thread blocks until the thread has ended: whether this thread's event loop has to turn before a
   * worker begins with it. One that no other worker may have is dead with its own, of which that loop would hear.
   */
  needsLoop(): boolean {
    const { session, home } = this.#job;
    if (this.#ended || session?.lives() === true)
      return !this.#ended && session?.isPosted(this.#job) !== true;
    if (home !== undefined && !this.#job.begun) return true;
    markDied(this.#thread.ident);
    return false;
  }

  /** Resolves when the worker has exited. */
  async kill(): Promise<void> {
    if (!this.#ended) await this.#job.kill();
  }

  heard(message: ValuesMessage | ProgressMessage): void {
    if (message.kind === 'progress') this.#read(message.value, (value) => this.#thread.progress(value));
    else
      this.#read(message.values, (values) => {
        this.#came += (values as unknown[]).length;
        this.#thread.outcome.values(values as unknown[]);
      });
  }

  /** Hands on what the thread sent, unless that cannot be made again here. */
  #read(encoded: Encoded, read: (value: unknown) => void): void {
    decodeTo(encoded, read, ({ message }) => {
      this.unread(message);
      void this.kill();
    });
  }

  unread(why: string): void {
    this.fail(cannotRead(this.#thread.name, this.#came, why));
  }

  /** It has failed by this, however it ends. */
  fail(error: ThreadError): void {
    this.#unread ??= error;
  }

  /**
   * Marks the thread as stopped first, because whoever is told of the end must not find the thread alive.
   */
  ended({ how, value, flushing }: JobEnd): void {
    const { outcome, ident } = this.#thread;
    markStopped(ident);
    this.#ended = true;
    if (!flushing) this.flushed();
    this.#thread.beforeOutcome();
    if (how === RETURNED) outcome.values([value]);
    else if (how === RETURNED_ENCODED) this.#read(value as Encoded, (result) => outcome.values([result]));
    if (how > COMPLETED) outcome.fail(unpackError(value as Encoded), how === CANCELLED);
    else if (this.#unread === undefined) outcome.complete();
    else outcome.fail(this.#unread, false);
    this.#thread.afterOutcome();
  }

  /** What the thread and its children printed comes over this thread's event loop after the end. */
  flushed(): void {
    countChild(-1, this.#thread.daemon);
  }

  died(exit: WorkerExit): void {
    this.#ended = true;
    this.flushed();
    const { ident, name, outcome } = this.#thread;
    if (exit.unbegun === true && exit.terminated) withdraw(ident);
    else markDied(ident);
    this.#thread.beforeOutcome();
    if (this.#unread !== undefined) outcome.fail(this.#unread, false);
    else outcome.fail(explainExit(name, exit), exit.terminated);
    this.#thread.afterOutcome();
  }
}

/** Why a thread has failed that has sent what this one cannot read. @param came - values that could be read */
export function cannotRead(name: string, came: number, why: string): ThreadError {
  return new ThreadError(
    `a value of thread '${name}' cannot be read here, its result or one after the first ${came}: ${why}`,
    { code: 'ERR_CLONE' },
  );
}

/** Why a thread is dead whose worker has exited. */
export function explainExit(name: string, exit: WorkerExit): ThreadError {
  const { error, exitCode, terminated, unbegun = false } = exit;
  if (unbegun && isInitFailure(error)) return noThread(name, error);
  if (unbegun && error instanceof ThreadError && error.code === 'ERR_NO_THREAD') return error;
  const why =
    error !== undefined
      ? saidBy(error)
      : terminated
        ? 'it was terminated'
        : `process.exit(${exitCode}) was called in ${unbegun ? 'its worker' : 'it'}${exitCode === 1 ? ', or its worker was terminated from elsewhere' : ''}`;
  return new ThreadError(`thread '${name}' died${unbegun ? ' before it began' : ''}: ${why}`, {
    code: 'ERR_THREAD_DIED',
    ...(error !== undefined && { cause: error }),
  });
}
