import type { TransferListItem } from 'node:worker_threads';
import { nameOf } from '../../primitives/threads/thread-slots.js';
import type { Encoded } from '../wire/codec.js';
import { dropArgs, keepArgs } from '../wire/kept-args.js';
import {
  type CancelMessage,
  type Envelope,
  type PackedRun,
  type ProgressMessage,
  type StartPayload,
  type ValuesMessage,
  WINDOW,
} from '../wire/messages.js';
import { traceParent } from '../wire/trace-parent.js';
import { Job, type JobEnd, type JobHome, type WorkerExit } from './job.js';
import { type JobTarget, packedTarget } from './job-target.js';

/** Who started the thread: thread/thread-run.ts. */
export interface JobListener {
  heard(message: ValuesMessage | ProgressMessage): void;
  ended(end: JobEnd): void;
  flushed(): void;
  unread(why: string): void;
  died(exit: WorkerExit): void;
}

/** What a Thread says of itself, besides what it is to run. */
export interface ThreadStart {
  readonly ident: number;
  /** Of the target, in the names of threads. */
  readonly label: string;
  readonly daemon: boolean;
  readonly credit: number;
  readonly cancel: CancelMessage | undefined;
}

/** A Thread as a job: it has its ident, and so is alive, before a worker has it. */
export class ThreadJob extends Job {
  readonly target: JobTarget | null;
  readonly ident: number;
  readonly daemon: boolean;
  transfer: readonly TransferListItem[];
  holds: boolean;
  home: JobHome | undefined;
  listener: JobListener | undefined;
  /** None once it is over. */
  #args: StartPayload['args'];
  #copied = false;
  readonly #run: PackedRun | undefined;
  #credit: number;
  readonly #traceparent: string | undefined = traceParent();
  #cancel: CancelMessage | undefined;

  constructor(payload: StartPayload, start: ThreadStart) {
    super();
    const { target, args, transfer } = payload;
    const { ident, label, daemon, credit, cancel } = start;
    this.ident = ident;
    this.daemon = daemon;
    this.holds = !daemon;
    const isRun = target !== null && 'className' in target;
    this.target = target === null || isRun ? null : packedTarget(target, label);
    this.#run = isRun ? target : undefined;
    this.#args = args;
    this.transfer = transfer;
    this.#credit = credit;
    this.#cancel = cancel;
  }

  /** As the table has it, which any thread may change. */
  get label(): string {
    return nameOf(this.ident);
  }

  get name(): string {
    return this.label;
  }

  get args(): readonly unknown[] | Envelope {
    const bare =
      this.#run === undefined &&
      this.#cancel === undefined &&
      this.#traceparent === undefined &&
      this.#credit === WINDOW;
    const plain = Array.isArray(this.#args);
    if (bare && plain) return this.#args as readonly unknown[];
    return {
      args: plain ? { value: this.#args, hasStandIns: false } : (this.#args as Encoded),
      ...(this.#run && { run: this.#run }),
      ...(this.#credit !== WINDOW && { credit: this.#credit }),
      ...(this.#traceparent && { traceparent: this.#traceparent }),
      ...(this.#cancel && { cancel: this.#cancel }),
    };
  }

  /** @throws DataCloneError */
  copy(): void {
    if (this.#copied || Array.isArray(this.#args)) return;
    this.#copied = true;
    const { args, transfer } = keepArgs({ args: this.#args as Encoded, transfer: this.transfer });
    this.#args = args;
    this.transfer = transfer;
  }

  drop(): void {
    dropArgs(this.#args);
  }

  // Until a worker has begun with the thread it may be taken back, and another is to be told of its cancel and its credit.

  override post(message: CancelMessage): void {
    if (!this.begun) this.#cancel = message;
    super.post(message);
  }

  override credit(values: number): void {
    if (!this.begun) this.#credit += values;
    super.credit(values);
  }

  heard(message: ValuesMessage | ProgressMessage): void {
    this.listener?.heard(message);
  }

  ended(end: JobEnd): void {
    this.#forget();
    this.listener?.ended(end);
  }

  flushed(): void {
    this.listener?.flushed();
  }

  unread(why: string): void {
    this.listener?.unread(why);
  }

  died(exit: WorkerExit): void {
    this.#forget();
    this.listener?.died(exit);
  }

  #forget(): void {
    this.#args = [];
    this.transfer = [];
  }
}
