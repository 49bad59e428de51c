import { ThreadError } from '../../errors.js';
import { QUEUED } from '../../primitives/threads/table.js';
import { markDied, markStopped, setWorker, stateOf } from '../../primitives/threads/thread-slots.js';
import { decode, unpackError } from '../wire/codec.js';
import { type EndMessage, type FromThread, type ToThread, WINDOW } from '../wire/messages.js';
import { countChild } from '../workers/children.js';
import type { WorkerExit, WorkerHandle, WorkerListener } from '../workers/executor.js';
import { relayUnhandled, reportUnhandled } from '../workers/unhandled.js';
import type { Outcome } from './outcome.js';

/** What a run needs to know of the Thread it is the life of. */
export interface Started {
  readonly ident: number;
  readonly name: string;
  readonly daemon: boolean;
  readonly outcome: Outcome<unknown>;
  /** How far it is. */
  progress(value: unknown): void;
  /** It is over, before anybody hears of it. */
  beforeOutcome(): void;
  /** Its outcome has been told. */
  afterOutcome(): void;
}

/** A started thread, seen from the thread that started it: its worker, and what comes from there. */
export class ThreadRun implements WorkerListener {
  readonly #thread: Started;
  readonly #worker: WorkerHandle;
  #ended = false;
  /** Read, and not yet told to the thread. */
  #read = 0;

  /**
   * @param execute - finds it a worker and hands it what it begins with
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

  /** So many values were read. */
  request(values: number): void {
    this.#read += values;
    if (this.#read < WINDOW / 4) return;
    this.post({ kind: 'credit', ident: this.#thread.ident, values: this.#read });
    this.#read = 0;
  }

  /** Sees to it that a thread that has not begun never does; false: it has, or its worker has to be killed for that. */
  withdraw(grace: number): boolean {
    return this.#ended || this.#worker.withdraw?.(grace) === true;
  }

  /** Resolves when the worker is gone. */
  async kill(): Promise<void> {
    if (!this.#ended) await this.#worker.kill();
  }

  onMessage(message: FromThread): void {
    const { outcome } = this.#thread;
    switch (message.kind) {
      case 'values':
        outcome.values(decode(message.values) as unknown[]);
        break;
      case 'returned':
        this.#end(message, () => {
          outcome.values([decode(message.value)]);
          outcome.complete();
        });
        break;
      case 'completed':
        this.#end(message, () => outcome.complete());
        break;
      case 'threw':
        this.#end(message, () => outcome.fail(unpackError(message.error), message.cancelled));
        break;
      case 'progress':
        if (message.ident === this.#thread.ident) this.#thread.progress(decode(message.value));
        break;
      case 'unhandled':
        relayUnhandled(message);
        break;
      case 'idle':
        this.#worker.release();
        break;
    }
  }

  /** Counts as stopped before anybody hears of it, so that nobody hears of the end of a thread that is alive. */
  #end(message: EndMessage, tell: () => void): void {
    markStopped(this.#thread.ident);
    this.#ended = true;
    if (message.flushing) this.#letGoOnceFlushed();
    else this.#letGo();
    if (message.idle) this.#worker.release();
    this.#thread.beforeOutcome();
    tell();
    this.#thread.afterOutcome();
  }

  #letGo(): void {
    const { daemon } = this.#thread;
    countChild(-1, daemon);
    if (!daemon) this.#worker.hold(false);
  }

  /** What it printed, and what threads print that it started, is to be seen: a daemon is held for that as well. */
  #letGoOnceFlushed(): void {
    if (this.#thread.daemon) this.#worker.hold(true);
    this.#worker.whenFlushed(() => {
      this.#letGo();
      if (this.#thread.daemon) this.#worker.hold(false);
    });
  }

  onExit(exit: WorkerExit): void {
    if (this.#ended) {
      // Something the thread had left behind.
      if (exit.error !== undefined && !exit.terminated) reportUnhandled(this.#thread.ident, exit.error);
      return;
    }
    this.#ended = true;
    this.#letGo();
    const begun = exit.withdrawn !== true && stateOf(this.#thread.ident) !== QUEUED;
    markDied(this.#thread.ident);
    this.#thread.beforeOutcome();
    this.#thread.outcome.fail(explainExit(this.#thread.name, begun, exit), exit.terminated);
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
