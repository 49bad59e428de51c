import type { Job, WorkerExit } from '../workers/job.js';
import type { JobTarget } from '../workers/job-target.js';
import { Session } from '../workers/session.js';
import type { WorkerLife } from '../workers/session-owner.js';

/** ms that the leftovers of a job may keep its worker from the next job. */
const LEFTOVERS_MS = 1000;

/** Jobs that a session has at most, and at least while it has room: the one that runs and those sent ahead. */
export const DEEPEST = 64;
const SHALLOWEST = 2;
/** ms of work that is sent ahead, so that a worker need not wait for this thread; more while this thread hears late. */
const AHEAD_MS = 1;
/** ms that it takes to wake a worker. */
const WAKE_MS = 0.05;
/** How many workers may fail to come up for one job, where others are up, or nothing says why. */
const MOST_FAILED_STARTS = 3;
/** How many did so far. */
const failedStarts = new WeakMap<Job, number>();

/** A session of a ThreadPool, with what its dispatcher notes of it. */
export class PoolSession extends Session {
  /** Its bucket in SessionLoads, and its place there; -1: in none. */
  bucket = -1;
  at = 0;
  /** What was last counted of it: jobs that wait, whether its worker is taken, whether it is about to be free. */
  waiting = 0;
  busy = false;
  ending = false;
  /** It runs one job for so long that those behind it were taken back: it gets none until that ends. */
  silent = false;
  /** Nobody waits for the end of the job that it runs: its user has left, or was told already. */
  told = false;
  /** Its worker is ended because it was idle for long: that is no death, and no other worker has to take its place. */
  retired = false;
  idleSince = 0;
  /** Jobs for this worker and no other, which it gets one by one, once it has nothing else to do. */
  readonly own: Job[] = [];
  /**
   * Set when all of its jobs were taken back, as its worker looked at none: the `seq` of the last. It gets no other until the
   * worker has looked at that one, or is killed: see patience.ts.
   */
  unseen: number | undefined;
  /** For how long that is so, in ms. */
  unseenMs = 0;

  constructor(owner: ConstructorParameters<typeof Session>[0], life: WorkerLife) {
    super(owner, LEFTOVERS_MS, life);
  }

  /** Whether it takes jobs, besides those that it has. */
  get takes(): boolean {
    if (this.dead || this.worn || this.silent || this.hasLeftovers || !this.hasWord) return false;
    return this.own.length === 0 && (this.size === 0 || this.opened);
  }

  /** How many jobs it may have, if that one is the last of them. @param lag - ms after which this thread hears of a job's end */
  depth(job: Job, lag: number): number {
    const mean = Math.max(job.target?.meanTime ?? 0, this.newestTarget?.meanTime ?? 0);
    if (mean === 0) return SHALLOWEST;
    return Math.min(DEEPEST, Math.max(SHALLOWEST, Math.floor(Math.max(AHEAD_MS, 2 * lag) / mean)));
  }

  /** Whether it has room for the job, which is known to take less time than to wake another worker, as its newest is. */
  takesTiny(job: Job): boolean {
    return this.size < DEEPEST && isTiny(job.target) && isTiny(this.newestTarget);
  }

  /**
   * Whether a job that its worker had not begun with is gone with that: what was moved there is. The `first` job of a worker that
   * did not come up fails with what kept that, so that a broken one is not tried for ever.
   *
   * @param others - other workers are up
   */
  loses(job: Job, first: boolean, exit: WorkerExit, others: boolean): boolean {
    if (job.tied !== undefined) return false;
    if (!job.returns) return true;
    if (this.opened || exit.terminated || !first) return false;
    const failures = (failedStarts.get(job) ?? 0) + 1;
    failedStarts.set(job, failures);
    if (failures === MOST_FAILED_STARTS) return true;
    // One that exits without an error was ended from elsewhere.
    return exit.error !== undefined && !others;
  }

  /** A job of it is over. */
  goesOn(): void {
    this.silent = false;
    this.told = false;
  }

  /** Takes back what has a lower priority, but for what stands before one that stays. */
  takeBackBelow(priority: number): Job[] {
    const jobs = [...this];
    const behind = new Set(jobs.slice(jobs.findLastIndex((job) => job.priority >= priority) + 1));
    return this.takeBackAll((job) => behind.has(job));
  }

  /** Sends the next of its own, where it is their turn. */
  giveOwn(): void {
    if (this.own.length === 0 || this.size > 0 || this.dead || this.worn || this.hasLeftovers) return;
    this.give(this.own.shift() as Job);
  }

  /** One of its own was withdrawn. Returns whether it was one. */
  disown(job: Job): boolean {
    const at = this.own.indexOf(job);
    if (at >= 0) this.own.splice(at, 1);
    return at >= 0;
  }

  idents(): number[] {
    return [...this].map((job: Job) => this.identOf(job)).filter((ident) => ident > 0);
  }
}

function isTiny(target: JobTarget | null): boolean {
  return target !== null && target.usualTime > 0 && target.usualTime < WAKE_MS;
}

/** Tells those who wait for one worker alone that it ends. */
export function leaveOut(own: Job[]): void {
  for (const job of own.splice(0)) if (!job.over) job.tied?.left();
}
