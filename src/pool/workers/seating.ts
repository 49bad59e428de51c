import type { TransferListItem } from 'node:worker_threads';
import type { ToThread } from '../wire/messages.js';
import type { WorkerHandle, WorkerListener } from './executor.js';

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
