/** What goes over the port between a thread and the thread that started it. */
import type { TransferListItem } from 'node:worker_threads';
import type { PackedTarget } from '../../primitives/target.js';
import type { Encoded, PackedError } from './codec.js';

/** A subclass's run() instead of a target: where its class is, and the instance's own fields. */
export interface PackedRun {
  readonly module: string;
  readonly className: string;
  readonly fields: Encoded;
  readonly target: PackedTarget | null;
}

/** What a thread runs, and on what. */
export interface StartPayload {
  readonly target: PackedTarget | PackedRun | null;
  readonly args: Encoded;
  readonly transfer: readonly TransferListItem[];
}

export interface StartMessage extends Omit<StartPayload, 'transfer'> {
  readonly kind: 'start';
  readonly ident: number;
  /** How many values it may send before somebody reads. */
  readonly credit: number;
}

/** Why a thread is cancelled; that it is, its CANCEL word says. */
export interface CancelMessage {
  readonly kind: 'cancel';
  readonly ident: number;
  readonly reason: PackedError;
}

/** So many more values may be sent. */
export interface CreditMessage {
  readonly kind: 'credit';
  readonly ident: number;
  readonly values: number;
}

export type ToThread = StartMessage | CancelMessage | CreditMessage;

export interface ValuesMessage {
  readonly kind: 'values';
  readonly ident: number;
  readonly values: Encoded;
}

/** When the thread ran, and what the worker has yet to do once it has ended. */
export interface EndReport {
  /** ms, on the clock of all threads. */
  readonly began: number;
  readonly ended: number;
  /** There may be output to come, its own or of threads it started; a FlushedMessage follows. */
  readonly flushing: boolean;
  /** It can take another thread; otherwise an IdleMessage follows. */
  readonly idle: boolean;
}

export interface ReturnedMessage extends EndReport {
  readonly kind: 'returned';
  readonly ident: number;
  readonly value: Encoded;
}

/** How far it is. */
export interface ProgressMessage {
  readonly kind: 'progress';
  readonly ident: number;
  readonly value: Encoded;
}

/** The end of a stream. */
export interface CompletedMessage extends EndReport {
  readonly kind: 'completed';
  readonly ident: number;
}

export interface ThrewMessage extends EndReport {
  readonly kind: 'threw';
  readonly ident: number;
  readonly error: PackedError;
  /** It is the reason of a cancel. */
  readonly cancelled: boolean;
}

export interface FlushedMessage {
  readonly kind: 'flushed';
}

export interface IdleMessage {
  readonly kind: 'idle';
}

/** An error that ended a thread started in the worker, and that nobody subscribed to. */
export interface UnhandledMessage {
  readonly kind: 'unhandled';
  readonly ident: number | null;
  readonly error: PackedError;
}

export type EndMessage = ReturnedMessage | CompletedMessage | ThrewMessage;
export type FromThread =
  | ValuesMessage
  | ProgressMessage
  | EndMessage
  | FlushedMessage
  | IdleMessage
  | UnhandledMessage;

/** How many values a stream may be ahead of whoever reads it, give or take a batch. */
export const WINDOW = 4096;
