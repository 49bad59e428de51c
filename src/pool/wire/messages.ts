/** The messages that pass over the port between a thread and the thread that started it, in both directions. */
import type { TransferListItem } from 'node:worker_threads';
import type { PackedTarget } from '../../primitives/target.js';
import type { Encoded, PackedError } from './codec.js';
import type { UnreadMessage } from './port-channel.js';

/** In place of a target, for a subclass of Thread that overrides run(): where its class is, and the instance's own fields. */
export interface PackedRun {
  readonly module: string;
  readonly className: string;
  readonly fields: Encoded;
  readonly target: PackedTarget | null;
}

/** What a thread runs, its arguments, and what moves with these. */
export interface StartPayload {
  readonly target: PackedTarget | PackedRun | null;
  readonly args: Encoded;
  readonly transfer: readonly TransferListItem[];
}

export interface StartMessage extends Omit<StartPayload, 'transfer'> {
  readonly kind: 'start';
  readonly ident: number;
  /** How many values of its stream the thread may send before the starter has read any. */
  readonly credit: number;
}

/** Why a thread is cancelled. That it is cancelled, its CANCEL word says, which any thread can write. */
export interface CancelMessage {
  readonly kind: 'cancel';
  readonly ident: number;
  readonly reason: PackedError;
}

/** The starter has read so many values of the thread's stream: the thread may send as many more. */
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
  /** There may be more to come on stdout or stderr, of the thread or of those it started: a FlushedMessage follows. */
  readonly flushing: boolean;
  /** The worker can take another thread; if it cannot yet, an IdleMessage follows. */
  readonly idle: boolean;
}

export interface ReturnedMessage extends EndReport {
  readonly kind: 'returned';
  readonly ident: number;
  readonly value: Encoded;
}

/** What the thread gave to reportProgress. */
export interface ProgressMessage {
  readonly kind: 'progress';
  readonly ident: number;
  readonly value: Encoded;
}

/** The target's stream has completed. */
export interface CompletedMessage extends EndReport {
  readonly kind: 'completed';
  readonly ident: number;
}

export interface ThrewMessage extends EndReport {
  readonly kind: 'threw';
  readonly ident: number;
  readonly error: PackedError;
  /** The error is the reason that the thread was cancelled with. */
  readonly cancelled: boolean;
}

/** What the ended thread had printed is out. */
export interface FlushedMessage {
  readonly kind: 'flushed';
}

/** What the ended thread had left behind is done: the worker can take another thread. */
export interface IdleMessage {
  readonly kind: 'idle';
}

/** An error that ended a thread started in this worker, and that nobody there subscribed to. */
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
  | UnreadMessage
  | UnhandledMessage;

/** How many values a thread's stream may be ahead of its reader, give or take a batch. */
export const WINDOW = 4096;
