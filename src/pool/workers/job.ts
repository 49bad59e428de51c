import type { TransferListItem } from 'node:worker_threads';
import {
  type CancelMessage,
  type CreditMessage,
  type EndMessage,
  type Envelope,
  FLUSHING,
  LEFTOVERS,
  type ProgressMessage,
  type ValuesMessage,
  WORN,
} from '../wire/messages.js';
import type { JobTarget } from './job-target.js';

/** How a worker ended, as the job is told that it had. */
export interface WorkerExit {
  /** What was thrown and not caught in it. */
  readonly error?: unknown;
  readonly exitCode: number;
  /** It was killed, or the job was withdrawn. */
  readonly terminated: boolean;
  /** No worker had begun with the job, and none will. */
  readonly unbegun?: boolean;
  /** Of the thread that the job was, where it had begun. */
  readonly ident?: number;
}

/** An EndMessage, taken apart. */
export interface JobEnd {
  /** RETURNED and so on. */
  readonly how: number;
  /** Of its thread. */
  readonly ident: number;
  readonly value: unknown;
  /** ms, on the clock of all threads. */
  readonly began: number;
  readonly ended: number;
  /** Its output is on its way. */
  readonly flushing: boolean;
  readonly leftovers: boolean;
  /** Its worker begins with no other. */
  readonly isLast: boolean;
}

/** @param ident - of the job's thread */
export function endOf([, how, value, began, ended, aftermath]: EndMessage, ident: number): JobEnd {
  const says = (flag: number): boolean => (aftermath & flag) !== 0;
  const [flushing, leftovers, isLast] = [says(FLUSHING), says(LEFTOVERS), says(WORN)];
  return { how, ident, value, began, ended, flushing, leftovers, isLast };
}

/** Who has a job in its worker: a Session. */
export interface JobHolder {
  /** Node's number of the worker; -1: not known yet. */
  readonly workerId: number;
  identOf(job: Job): number;
  isPosted(job: Job): boolean;
  lives(): boolean;
  post(message: CancelMessage | CreditMessage): void;
  drain(): void;
  takeBack(job: Job): boolean;
  /** See HangWatch. */
  readonly watch: { expectLife(seq: number, grace: number): void };
  /** Another may have the place of a job that was withdrawn. */
  freed(): void;
  killFor(job: Job): Promise<void>;
}

/** Where a job stands in line: a ThreadPool's dispatcher. */
export interface JobHome {
  /** The job was withdrawn: from the session that had it, or else from the line. */
  withdrawn(job: Job, session: JobHolder | undefined): void;
}

/** What is known of a job that is for one worker and no other. */
export interface TiedJob {
  /** Called when that worker is gone, or takes no more, before it begins with the job. */
  readonly left: () => void;
  /** The pool's statistics tell of it. */
  readonly counts: boolean;
}

/**
 * What a worker is to run: a Thread (ThreadJob), or a job of a ThreadPool that is no Thread yet (jobs/run-job.ts). From
 * `give` on, the session that has it tells it what the worker says of it, and at last exactly one of `ended` and `died`.
 */
export abstract class Job {
  /** What it runs; null: nothing, or what its Envelope says. */
  abstract readonly target: JobTarget | null;
  /** Of its thread; 0: the worker takes one as it begins. */
  abstract readonly ident: number;
  /** The name of its thread, or the N of `Thread-N (target)`. */
  abstract readonly label: string | number;
  /** Keeps the process alive while a session has it. */
  abstract readonly holds: boolean;
  /** What it is called with, as it travels. */
  abstract readonly args: readonly unknown[] | Envelope;
  /** What moves with it. */
  abstract readonly transfer: readonly TransferListItem[];

  /** Undefined: it stands in line, or is over. */
  session: JobHolder | undefined = undefined;
  /** In the session. */
  seq = 0;
  /** A higher one goes first; raised when it has waited for long. */
  priority = 0;
  /** Its place in the line, and when it was accepted, in ms on the clock of all threads: of a ThreadPool's. */
  order = 0;
  accepted = 0;
  over = false;
  /** Of a job that is for one worker and no other. */
  tied: TiedJob | undefined = undefined;

  /**
   * Called by its pool: it is called with what is there now, whatever the user changes.
   *
   * @throws what keeps it from being copied
   */
  abstract copy(): void;
  /** No worker ever begins with it. */
  abstract drop(): void;
  /** A session has it now. */
  sent(): void {}
  abstract heard(message: ValuesMessage | ProgressMessage): void;
  abstract ended(end: JobEnd): void;
  abstract died(exit: WorkerExit): void;
  /** What it printed is out, or never will be; called where `ended` said that it is not. */
  abstract flushed(): void;
  /** What it sent cannot be read here, and its worker is killed if it still runs. `died` follows. */
  abstract unread(why: string): void;
  /** Undefined: it stands in no line, as it is given to a session at once. */
  abstract readonly home: JobHome | undefined;

  /** The pool's statistics tell of it. */
  get counts(): boolean {
    return this.tied?.counts !== false;
  }

  /** It can be taken back once it was sent, as it can be sent again. */
  get returns(): boolean {
    return this.tied === undefined && this.transfer.length === 0;
  }

  /** It is not sent ahead of a worker, behind another job: it fails if it waits there for long. */
  get hurries(): boolean {
    return false;
  }

  /** Whether it has a worker and that has begun with it. */
  get begun(): boolean {
    return this.session !== undefined && this.session.identOf(this) > 0;
  }

  post(message: CancelMessage): void {
    this.session?.post(message);
  }

  credit(values: number): void {
    this.session?.post({ kind: 'credit', seq: this.seq, values });
  }

  /** Hears now what the event loop would bring later. */
  drain(): void {
    this.session?.drain();
  }

  /**
   * A job that has not begun never does; false: it has. A worker that was to run it is killed when it does not look at
   * it within `grace` ms, as then it hangs.
   */
  withdraw(grace: number): boolean {
    if (this.over) return false;
    const { session } = this;
    if (session?.takeBack(this) === false) return false;
    this.over = true;
    if (this.home === undefined) session?.freed();
    else this.home.withdrawn(this, session);
    session?.watch.expectLife(this.seq, grace);
    this.drop();
    this.died({ exitCode: 0, terminated: true, unbegun: true });
    return true;
  }

  /** Ends it at once, with its worker if it has begun; resolves when that has exited. */
  async kill(): Promise<void> {
    if (!this.withdraw(0)) await this.session?.killFor(this);
  }
}
