import type { TransferListItem } from 'node:worker_threads';
import type { Cells } from '../../primitives/memory/word.js';
import { soon } from '../../primitives/waiting/event-loop.js';
import { type FromWorker, JOB_FIELDS, type ToWorker } from '../wire/messages.js';
import type { PortChannel } from '../wire/port-channel.js';
import { ring } from '../wire/session-cells.js';
import type { Job } from './job.js';
import type { JobTarget } from './job-target.js';

/** Targets that a worker is told of before it is to forget them. */
const MOST_TARGETS = 1000;
const NOTHING: readonly TransferListItem[] = [];

/**
 * What goes to the worker of a session: jobs, several in one message where they need not go at once, and before the first
 * of a target what that is. All of it in the order in which it was given.
 */
export class Outbox {
  readonly #channel: PortChannel<ToWorker, FromWorker>;
  readonly #cells: Cells;
  readonly #targets = new Map<JobTarget, number>();
  /** A JobsMessage that goes in a microtask. */
  #jobs: unknown[] = [];
  #posts = 0;
  /** Those that went in a message of their own and are not over, and its number. */
  readonly #alone = new Map<Job, number>();
  /** The last of them, over or not: its message and its seq. */
  #last = [-1, -1];

  constructor(channel: PortChannel<ToWorker, FromWorker>, cells: Cells) {
    this.#channel = channel;
    this.#cells = cells;
  }

  /** @param now - post it at once, and not with others. @throws DataCloneError; it has not been posted then */
  send(seq: number, job: Job, now: boolean): void {
    const { ident, args } = job;
    // The table has the name of a thread that has an ident.
    const name = ident === 0 ? job.label : '';
    const target = job.target === null ? 0 : this.#announce(job.target);
    if (!now && Array.isArray(args)) {
      if (this.#jobs.length === 0) soon(() => this.flush());
      this.#jobs.push(seq, target, ident, name, args);
      return;
    }
    this.flush();
    this.#post([seq, target, ident, name, args], job.transfer);
    if (Array.isArray(args)) return;
    this.#alone.set(job, this.#posts);
    this.#last = [this.#posts, seq];
  }

  post(message: ToWorker): void {
    this.flush();
    this.#post(message);
  }

  /** Posts the jobs that wait for the microtask. */
  flush(): void {
    if (this.#jobs.length === 0) return;
    const jobs = this.#jobs;
    this.#jobs = [];
    this.#post(jobs);
  }

  /** Whether the job still waits here. */
  has(seq: number): boolean {
    for (let at = 0; at < this.#jobs.length; at += JOB_FIELDS) if (this.#jobs[at] === seq) return true;
    return false;
  }

  /** The job that went alone in the nth message. */
  wentAlone(nth: number): Job | undefined {
    for (const [job, number] of this.#alone) if (number === nth) return job;
    return undefined;
  }

  /** The job of that message, if none came alone behind it; -1 else. */
  seqAlone(nth: number): number {
    const [last, seq = -1] = this.#last;
    return nth === last ? seq : -1;
  }

  /** Called when the worker has the job no more. */
  forget(job: Job): void {
    this.#alone.delete(job);
  }

  #post(message: ToWorker, transfer = NOTHING): void {
    this.#channel.post(message, transfer);
    this.#posts++;
    ring(this.#cells);
  }

  #announce(target: JobTarget): number {
    const known = this.#targets.get(target);
    if (known !== undefined) return known;
    this.flush();
    if (this.#targets.size === MOST_TARGETS) {
      this.#targets.clear();
      this.#post({ kind: 'forget targets' });
    }
    const id = this.#targets.size + 1;
    this.#post({ kind: 'target', id, target: target.packed, label: target.label });
    this.#targets.set(target, id);
    return id;
  }
}
