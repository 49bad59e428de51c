import type { Cells } from '../../primitives/memory/word.js';
import { CLAIM_WORDS, type JobClaims } from '../wire/job-claims.js';
import { claimsOf } from '../wire/session-cells.js';
import type { Job } from './job.js';

/** The jobs that a session has sent and that have neither ended nor been taken back, oldest first. */
export class SentJobs {
  readonly #claims: JobClaims;
  readonly #jobs = new Map<number, Job>();
  #seq = 0;

  constructor(cells: Cells) {
    this.#claims = claimsOf(cells);
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** Whether the ring has a word for one more: a job that runs for long keeps its own. */
  get hasWord(): boolean {
    return !this.#jobs.has(this.#seq - CLAIM_WORDS);
  }

  [Symbol.iterator](): Iterator<Job> {
    return this.#jobs.values();
  }

  get(seq: number): Job | undefined {
    return this.#jobs.get(seq);
  }

  /** Called before a job is posted: the number that it has then. A getter of its arguments may make another job, which has the next. */
  offer(): number {
    this.#claims.offer(this.#seq);
    return this.#seq++;
  }

  /** Called once it is posted, or is to be in a microtask. */
  add(job: Job, seq: number): void {
    job.seq = seq;
    this.#jobs.set(seq, job);
  }

  /** The ident of the job's thread; 0: the worker has not begun with it. */
  identOf(job: Job): number {
    return this.#claims.identOf(job.seq);
  }

  /** The job that the worker runs, or has run last and not told of. */
  get running(): Job | undefined {
    for (const job of this.#jobs.values()) if (this.identOf(job) > 0) return job;
    return undefined;
  }

  /** false: the worker has begun with it. */
  takeBack(job: Job): boolean {
    return this.#claims.takeBack(job.seq);
  }

  delete(job: Job): void {
    this.#jobs.delete(job.seq);
    job.session = undefined;
  }

  /** The worker is no more: those that it had begun with, and those that it had not. */
  empty(): { readonly begun: Job[]; readonly untouched: Job[] } {
    const [begun, untouched]: [Job[], Job[]] = [[], []];
    for (const job of this.#jobs.values()) {
      (this.takeBack(job) ? untouched : begun).push(job);
      this.delete(job);
    }
    return { begun, untouched };
  }
}
