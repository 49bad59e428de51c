import type { TransferListItem } from 'node:worker_threads';
import type { FromThread, ToThread } from '../wire/messages.js';

/** Why a worker is no more. */
export interface WorkerExit {
  /** What was thrown and not caught in it. */
  readonly error?: unknown;
  readonly exitCode: number;
  readonly terminated: boolean;
  /** The thread was not to begin any more. */
  readonly withdrawn?: boolean;
}

/** Who hears what a worker says. */
export interface WorkerListener {
  onMessage(message: FromThread): void;
  onExit(exit: WorkerExit): void;
}

/** Where a thread runs: a worker of the elastic pool, or a job of a ThreadPool. */
export interface WorkerHandle {
  readonly workerId: number;
  /** @param transfer - of the last message. @throws DataCloneError */
  post(messages: readonly ToThread[], transfer?: readonly TransferListItem[]): void;
  /** Hears now what it would hear when the event loop turns. */
  drain(): void;
  /** Keeps the process alive; each true takes its own false. */
  hold(alive: boolean): void;
  /** Once what the thread that ended has printed is here, or never will be. */
  whenFlushed(flushed: () => void): void;
  /** Ends the worker at once; resolves when it has. */
  kill(): Promise<void>;
  /** Its thread has ended, and the worker can take another. */
  release(): void;
}

/** Where threads run. A ThreadPool is one; a Thread needs no more of it than this. */
export abstract class Executor {
  /** @throws ThreadError when it takes no more */
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
