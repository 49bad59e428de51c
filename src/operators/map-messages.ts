import type { PackedError } from '../pool/error-wire.js';
import type { Wired } from '../pool/wire.js';

/** What goes over the port between a threadMap and one of its sessions. */

/** Values to map, one after the other. */
export interface BatchMessage {
  readonly kind: 'batch';
  readonly id: number;
  /** Its word of the session's cells: see claims.ts. */
  readonly cell: number;
  readonly values: Wired;
}

/** So many values of a stream were passed on. */
export interface BatchCreditMessage {
  readonly kind: 'credit';
  readonly id: number;
  readonly values: number;
}

export type ToSession = BatchMessage | BatchCreditMessage;

/** What targets returned, or emitted; in the order of the batch. */
export interface ResultsMessage {
  readonly kind: 'results';
  readonly id: number;
  readonly values: Wired;
  /** They were emitted by a stream, and want credit. */
  readonly streamed: boolean;
}

/** The end of a batch: of all of its values that nobody took back. */
export interface DoneMessage {
  readonly kind: 'done';
  readonly id: number;
  /** The last results. */
  readonly values: Wired;
  /** Values mapped, and how long it took in ms. */
  readonly count: number;
  readonly took: number;
}

/** The end of a batch whose value at `at` failed. */
export interface FailedMessage {
  readonly kind: 'failed';
  readonly id: number;
  readonly at: number;
  readonly error: PackedError;
}

export type FromSession = ResultsMessage | DoneMessage | FailedMessage;

/** How many values of a stream may be ahead of whoever they are for. */
export const STREAM_WINDOW = 1024;
