import type { TransferListItem } from 'node:worker_threads';
import type { ToThread } from '../wire/messages.js';
import type { WorkerHandle, WorkerListener } from './executor.js';

/** Where threads run. A ThreadPool is one; a Thread needs no more of it than this. */
export abstract class Seating {
  /** @throws ThreadError when it takes no more */
  static seat(
    seating: Seating,
    name: string,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ): WorkerHandle {
    return seating.seat(name, first, transfer, listener);
  }

  /** @internal */
  protected abstract seat(
    name: string,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ): WorkerHandle;
}
