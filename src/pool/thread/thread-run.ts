import { ThreadError } from '../../errors.js';
import { QUEUED } from '../../primitives/threads/table.js';
import { markDied, markStopped, setWorker, stateOf } from '../../primitives/threads/thread-slots.js';
import { decodeTo, type Encoded, unpackError } from '../wire/codec.js';
import { type EndMessage, type FromThread, type ToThread, WINDOW } from '../wire/messages.js';
import { countChild } from '../workers/children.js';
import type { WorkerExit, WorkerHandle, WorkerListener } from '../workers/executor.js';
import { relayUnhandled, reportUnhandled } from '../workers/unhandled.js';
import type { Outcome } from './outcome.js';

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
 * A started thread, seen from the thread that started it: the worker that it runs in, and what that worker says of it.
 * Exactly one of an end message and the worker's exit ends the run; whatever comes after is what the thread left behind.
 */
export class ThreadRun implements WorkerListener {
  readonly #thread: Started;
  readonly #worker: WorkerHandle;
  #ended = false;
  /** How many values of its stream have come. */
  #came = 0;
  /** Why the thread was killed: something that it sent cannot be read. */
  #unread: ThreadError | undefined;
  /** Values that were read here and that the thread has got no credit for yet. */
  #toCredit = 0;

  /**
   * @param execute - finds a worker for the thread and hands it what it begins with
   * @throws what `execute` throws; no thread has begun then
   */
  constructor(thread: Started, execute: (listener: WorkerListener) => WorkerHandle) {
    this.#thread = thread;
    this.#worker = execute(this);
    setWorker(thread.ident, this.#worker.workerId);
    if (!thread.daemon) this.#worker.hold(true);
    countChild(1, thread.daemon);
  }

  get ended(): boolean {
    return this.#ended;
  }

  post(message: ToThread): void {
    if (!this.#ended) this.#worker.post([message]);
  }

  /** Hears now what the thread has said so far. */
  drain(): void {
    if (!this.#ended) this.#worker.drain();
  }

  /** Outcome has read so many values: the thread may send as many more, told in quarters of the window. */
  request(values: number): void {
    this.#toCredit += values;
    if (this.#toCredit < WINDOW / 4) return;
    this.post({ kind: 'credit', ident: this.#thread.ident, values: this.#toCredit });
    this.#toCredit = 0;
  }

  /** Sees to it that a thread that has not begun never does; false: it has, or its worker has to be killed for that. */
  withdraw(grace: number): boolean {
    return this.#ended || this.#worker.withdraw?.(grace) === true;
  }

  /** No worker has the thread yet, nor gets it before this thread's event loop has turned. */
  get needsLoop(): boolean {
    return !this.#ended && this.#worker.needsLoop === true;
  }

  /** Resolves when the worker has exited. */
  async kill(): Promise<void> {
    if (!this.#ended) await this.#worker.kill();
  }

  onMessage(message: FromThread): void {
    const { outcome } = this.#thread;
    switch (message.kind) {
      case 'values':
        this.#read(message.values, (values) => {
          this.#came += (values as unknown[]).length;
          outcome.values(values as unknown[]);
        });
        break;
      case 'returned':
        this.#end(message, () => {
          this.#read(message.value, (value) => outcome.values([value]));
          if (this.#unread === undefined) outcome.complete();
          else outcome.fail(this.#unread, false);
        });
        break;
      case 'completed':
        this.#end(message, () => {
          if (this.#unread === undefined) outcome.complete();
          else outcome.fail(this.#unread, false);
        });
        break;
      case 'threw':
        this.#end(message, () => outcome.fail(unpackError(message.error), message.cancelled));
        break;
      case 'progress':
        if (message.ident === this.#thread.ident)
          this.#read(message.value, (value) => this.#thread.progress(value));
        break;
      case 'unread':
        this.#cannotRead(message.why);
        break;
      case 'unhandled':
        relayUnhandled(message);
        break;
      case 'idle':
        this.#worker.release();
        break;
    }
  }

  /** Hands on what the thread sent, unless that cannot be made again here. */
  #read(encoded: Encoded, read: (value: unknown) => void): void {
    decodeTo(encoded, read, ({ message }) => this.#cannotRead(message));
  }

  /**
   * Kills the worker: it was the thread's result that cannot be read, or else a value without which what the thread goes
   * on to send makes no sense.
   */
  #cannotRead(why: string): void {
    this.#unread ??= new ThreadError(
      `a value of thread '${this.#thread.name}' cannot be read here, its result or one after the first ${this.#came}: ${why}`,
      { code: 'ERR_CLONE' },
    );
    void this.kill();
  }

  /**
   * Marks the thread as stopped first, because whoever `deliver` tells of the end must not find the thread alive.
   *
   * @param deliver - gives the result or error to the Outcome
   */
  #end(message: EndMessage, deliver: () => void): void {
    markStopped(this.#thread.ident);
    this.#ended = true;
    if (message.flushing) this.#letGoOnceFlushed();
    else this.#letGo();
    if (message.idle) this.#worker.release();
    this.#thread.beforeOutcome();
    deliver();
    this.#thread.afterOutcome();
  }

  #letGo(): void {
    const { daemon } = this.#thread;
    countChild(-1, daemon);
    if (!daemon) this.#worker.hold(false);
  }

  /**
   * What the thread and its children printed comes over this thread's event loop after the end message: the process is
   * kept alive for it, for a daemon's too.
   */
  #letGoOnceFlushed(): void {
    if (this.#thread.daemon) this.#worker.hold(true);
    this.#worker.whenFlushed(() => {
      this.#letGo();
      if (this.#thread.daemon) this.#worker.hold(false);
    });
  }

  onExit(exit: WorkerExit): void {
    if (this.#ended) {
      // An error of what the thread had left behind in its worker.
      if (exit.error !== undefined && !exit.terminated) reportUnhandled(this.#thread.ident, exit.error);
      return;
    }
    this.#ended = true;
    this.#letGo();
    const begun = exit.withdrawn !== true && stateOf(this.#thread.ident) !== QUEUED;
    markDied(this.#thread.ident);
    this.#thread.beforeOutcome();
    if (this.#unread !== undefined) this.#thread.outcome.fail(this.#unread, false);
    else this.#thread.outcome.fail(explainExit(this.#thread.name, begun, exit), exit.terminated);
    this.#thread.afterOutcome();
  }
}

function explainExit(name: string, begun: boolean, { error, exitCode, terminated }: WorkerExit): ThreadError {
  const why =
    error instanceof Error
      ? `${error.name}: ${error.message}`
      : error !== undefined
        ? String(error)
        : terminated
          ? 'it was terminated'
          : `process.exit(${exitCode}) was called in it`;
  return new ThreadError(`thread '${name}' died${begun ? '' : ' before it began'}: ${why}`, {
    code: 'ERR_THREAD_DIED',
    ...(error !== undefined && { cause: error }),
  });
}
