import type { TransferListItem } from 'node:worker_threads';
import type { ToThread } from './messages.js';
import type { Seat, Tenant } from './seat.js';

/** What a Thread needs of its pool. */
export abstract class Seating {
  /** @internal @throws ThreadError when it takes no more */
  abstract seat(
    name: string,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    tenant: Tenant,
  ): Seat;
}
