import type { TransferListItem } from 'node:worker_threads';
import type { FromThread, ToThread } from '../wire/messages.js';

/**
 * Workers, as whoever starts a thread sees them. Three interfaces stand between a thread and the kinds of worker:
 *
 * - Executor: gives a thread a worker. The elastic pool does (`takeWorker`: an idle worker or a new one, at once), and
 *   so does a ThreadPool (a job, that waits in line for one of its workers). thread/start.ts picks one of the two.
 * - WorkerHandle: what the starter may do with the worker from there on: post to it, kill it, keep the process alive.
 *   A DedicatedWorker of the elastic pool is one, and outlives the thread; so is a ThreadPool's Job, which does not.
 * - WorkerListener: who is called with the worker's messages and its exit. thread/thread-run.ts is the one listener
 *   while a thread runs; between two threads of a DedicatedWorker the elastic pool listens.
 *
 * In the order of a thread's life: execute() posts the start message, onMessage() brings values, then one end message,
 * after which the thread is over for its starter. `flushed` and `idle` may follow later, because a target can end
 * before its output is printed and its timers have run; only after `idle` does release() give the worker back. If the
 * worker dies, onExit() is called once, after all messages that it had sent.
 */

/** How a worker ended. */
export interface WorkerExit {
  /** What was thrown and not caught in it. */
  readonly error?: unknown;
  readonly exitCode: number;
  readonly terminated: boolean;
  /** The thread was killed before a worker had begun with it, and never begins. */
  readonly withdrawn?: boolean;
}

/** Is called with what a worker sends, and with its exit. */
export interface WorkerListener {
  onMessage(message: FromThread): void;
  onExit(exit: WorkerExit): void;
}

/** Where a thread runs: a worker of the elastic pool, or a job of a ThreadPool. */
export interface WorkerHandle {
  readonly workerId: number;
  /** Whether the event loop of whoever starts the thread has to turn before a worker has it. */
  readonly needsLoop?: boolean;
  /** @param transfer - of the last message. @throws DataCloneError */
  post(messages: readonly ToThread[], transfer?: readonly TransferListItem[]): void;
  /** Has the listener called now with the messages that the event loop would bring later. */
  drain(): void;
  /** Keeps the process alive; each true takes its own false. */
  hold(alive: boolean): void;
  /** @param flushed - called once the output of the thread that ended is here, or never will be */
  whenFlushed(flushed: () => void): void;
  /**
   * A thread that has not begun never does; false: it has. A worker that was to run it has `grace` ms to let go of it.
   * Where there is none, such a thread is killed.
   */
  withdraw?(grace: number): boolean;
  /** Ends the worker at once; resolves when it has. */
  kill(): Promise<void>;
  /** Called when the thread has ended and the worker said that it can take another. */
  release(): void;
}

/** Gives threads a worker. A ThreadPool is one; a Thread needs no more of it than this. */
export abstract class Executor {
  /** @throws ThreadError when it takes no more @internal */
  static execute(
    executor: Executor,
    name: string,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ): WorkerHandle {
    return executor.execute(name, first, transfer, listener);
  }

  /** @internal */
  protected abstract execute(
    name: string,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ): WorkerHandle;
}
