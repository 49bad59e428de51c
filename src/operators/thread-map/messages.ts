import type { Encoded, PackedError } from '../../pool/wire/codec.js';
import type { UnreadMessage } from '../../pool/wire/port-channel.js';

/** What goes over the port between a threadMap and one of its sessions. */

/** Values to map, one after the other. */
export interface BatchMessage {
  readonly kind: 'batch';
  readonly id: number;
  /** Its word of the session's cells: see batch-claims.ts. */
  readonly cell: number;
  readonly values: Encoded;
}

/** So many values of the stream that a batch is reading were passed on: as many more may be sent. */
export interface BatchCreditMessage {
  readonly kind: 'credit';
  readonly id: number;
  readonly values: number;
}

/**
 * Nothing more comes: the last message, right before the port is closed, whose 'close' a worker that has not begun to
 * listen would never hear of.
 */
export interface OverMessage {
  readonly kind: 'over';
}

export type ToSession = BatchMessage | BatchCreditMessage | OverMessage;

/** The session has a worker, which has loaded the target. */
export interface ReadyMessage {
  readonly kind: 'ready';
}

interface FromBatch {
  readonly id: number;
  /** How many of its values have all their results here, with this message. */
  readonly done: number;
}

/** What targets returned, or emitted; in the order of the batch. */
export interface ResultsMessage extends FromBatch {
  readonly kind: 'results';
  readonly values: Encoded;
  /** They were emitted by a stream, whose next ones need credit. */
  readonly streamed: boolean;
}

/** The end of a batch: all of its values are mapped that were not taken back. */
export interface DoneMessage extends FromBatch {
  readonly kind: 'done';
  /** The last results. */
  readonly values: Encoded;
  /** ms, for all of them. */
  readonly took: number;
}

/** The end of a batch whose next value failed. */
export interface FailedMessage extends FromBatch {
  readonly kind: 'failed';
  readonly error: PackedError;
  /** None was begun: one of the values, any of them, cannot be made again in the worker. */
  readonly unmade: boolean;
}

/** What the target reported of a value that it is mapping. */
export interface ProgressMessage {
  readonly kind: 'progress';
  readonly id: number;
  /** Which of the batch's values it is. */
  readonly at: number;
  readonly value: Encoded;
}

export type FromBatchMessage = ResultsMessage | DoneMessage | FailedMessage;
export type FromSession = ReadyMessage | FromBatchMessage | ProgressMessage | UnreadMessage;

/** How many values of a stream may be ahead of whoever they are for. */
export const STREAM_WINDOW = 1024;
