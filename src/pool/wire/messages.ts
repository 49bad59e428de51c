/** The messages that pass over the port of a session, in both directions. */
import type { TransferListItem } from 'node:worker_threads';
import type { PackedTarget } from '../../primitives/target.js';
import type { Encoded, PackedError } from './codec.js';
import type { LoopAnswer } from './loop-answers.js';

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
  /** An array: a copy of plain values, which any worker can read. */
  readonly args: readonly unknown[] | Encoded;
  readonly transfer: readonly TransferListItem[];
}

/** A thread that runs, for what is said of it in its worker. */
export interface RunningThread {
  readonly ident: number;
  readonly target: StartPayload['target'];
}

// ─── to the worker ──────────────────────────────────────────────────────────────────────────────

/**
 * One job or more, JOB_FIELDS of a flat array for each, which a port clones in half the time that objects take:
 *
 *   seq     its number in the session
 *   target  the number under which a TargetMessage has told of what it runs; 0: nothing, or what the Envelope says
 *   ident   of the thread that it is; 0: the worker takes one
 *   name    of the thread that the worker takes an ident for, or the N of `Thread-N (target)`
 *   args    an array of plain values, or an Envelope
 */
export type JobsMessage = readonly unknown[];
export const JOB_FIELDS = 5;

/** In the place of arguments, for a job that comes with more. */
export interface Envelope {
  readonly args: Encoded;
  readonly run?: PackedRun;
  /** How many values of its stream the thread may send before the starter has read any. Default: see `creditOf`. */
  readonly credit?: number;
  /** Of W3C's Trace Context: the span that was active where it was started. */
  readonly traceparent?: string;
  /** What the pool's `contexts` held where it was subscribed to. */
  readonly contexts?: Readonly<Record<string, unknown>>;
  /** It was cancelled before it was sent. */
  readonly cancel?: CancelMessage;
}

/** Comes once a session, before the first job that runs the target. */
export interface TargetMessage {
  readonly kind: 'target';
  readonly id: number;
  readonly target: PackedTarget;
  /** Stands in the names of threads that run it. */
  readonly label: string;
}

/** All targets that were told of may be forgotten: they get other numbers from now on. */
export interface ForgetTargetsMessage {
  readonly kind: 'forget targets';
}

/** The worker has no job, and gets none: it runs the pool's `teardown`, and exits. */
export interface TearDownMessage {
  readonly kind: 'tear down';
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
  readonly seq: number;
  readonly values: number;
}

/** A monitor asks: an AnswerMessage follows, once the worker's event loop turns. */
export interface AskMessage {
  readonly kind: 'ask';
}

export type ToWorker =
  | JobsMessage
  | TargetMessage
  | ForgetTargetsMessage
  | TearDownMessage
  | CancelMessage
  | CreditMessage
  | AskMessage;

// ─── from the worker ────────────────────────────────────────────────────────────────────────────

/** How a job ended, and what its value is then. */
export const RETURNED = 0;
/** The value is an Encoded, with stand-ins in it. */
export const RETURNED_ENCODED = 1;
/** Its stream has completed: no value. */
export const COMPLETED = 2;
/** The value is a PackedError. */
export const THREW = 3;
/** The same, and the error is the reason that the thread was cancelled with. */
export const CANCELLED = 4;
/** It never began: its thread had been withdrawn, or, where the value is a PackedError, could not be had. */
export const DECLINED = 5;

/** Of `aftermath`: there may be more to come on stdout or stderr, of the thread or of those it started. A FlushedMessage follows. */
export const FLUSHING = 1;
/** The worker cannot take another job yet. An IdleMessage follows. */
export const LEFTOVERS = 2;
/** The worker begins with no other job. */
export const WORN = 4;

/** The end of a job; `began` and `ended` in ms, on the clock of all threads. One message a job, posted at once. */
export type EndMessage = readonly [
  seq: number,
  how: number,
  value: unknown,
  began: number,
  ended: number,
  aftermath: number,
];

export interface ValuesMessage {
  readonly kind: 'values';
  readonly seq: number;
  readonly values: Encoded;
}

/** What the thread gave to reportProgress. */
export interface ProgressMessage {
  readonly kind: 'progress';
  readonly seq: number;
  readonly value: Encoded;
}

/** What the ended thread had printed is out. */
export interface FlushedMessage {
  readonly kind: 'flushed';
}

/** What the ended thread had left behind is done: the worker can take another job. */
export interface IdleMessage {
  readonly kind: 'idle';
}

/** The nth message that came, with one job in it, cannot be read in the worker. */
export interface RefusedMessage {
  readonly kind: 'refused';
  readonly nth: number;
  readonly why: string;
}

/** The pool's `setup` or `teardown` has failed, and the worker exits. */
export interface FailedMessage {
  readonly kind: 'failed';
  readonly error: PackedError;
}

/** An error that ended a thread started in this worker, and that nobody there subscribed to. */
export interface UnhandledMessage {
  readonly kind: 'unhandled';
  readonly ident: number | null;
  readonly error: PackedError;
}

/** What the thread that runs in the worker tells of its event loop. */
export interface AnswerMessage {
  readonly kind: 'answer';
  readonly answer: LoopAnswer;
}

export type FromWorker =
  | EndMessage
  | ValuesMessage
  | ProgressMessage
  | FlushedMessage
  | IdleMessage
  | RefusedMessage
  | FailedMessage
  | UnhandledMessage
  | AnswerMessage;

/** How many values a thread's stream may be ahead of its reader, give or take a batch. */
export const WINDOW = 16_384;

/** The credit that a job has without an Envelope: of a job that is no Thread the starter keeps the last value alone. */
export function creditOf(ident: number): number {
  return ident === 0 ? Number.MAX_SAFE_INTEGER : WINDOW;
}
