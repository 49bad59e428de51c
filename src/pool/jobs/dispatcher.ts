import { clock } from '../../primitives/threads/table.js';
import { after, now } from '../../primitives/waiting/event-loop.js';
import { CANCELLED, COMPLETED } from '../wire/messages.js';
import { countChild } from '../workers/children.js';
import type { Job, JobEnd, JobHome, WorkerExit } from '../workers/job.js';
import { noteRunTime } from '../workers/job-target.js';
import type { SessionOwner } from '../workers/session.js';
import { ThreadJob } from '../workers/thread-job.js';
import { JobCounters, type JobResult } from './job-counters.js';
import { Line } from './line.js';
import type { CheckedPoolOptions } from './pool-options.js';
import { PoolSession, SessionLoads } from './pool-session.js';
import { PoolWorkers } from './pool-workers.js';

/** Jobs that a session has at most, and at least while it has room: the one that runs and those sent ahead. */
const DEEPEST = 64;
const SHALLOWEST = 2;
/** ms of work that is sent ahead, so that a worker need not wait for this thread; more while this thread hears late. */
const AHEAD_MS = 1;
/** ms that a job may wait behind another that has not ended, where there are other workers. */
const PATIENCE_MS = 2;
/** ms after which a worker is killed that does not look at its jobs: what an earlier one left behind blocks it. */
const UNSEEN_MS = 5000;
/** How many workers may fail to come up for one job, where others are up. */
const MOST_FAILED_STARTS = 3;

/**
 * The jobs of a pool, and who runs them: the line, the sessions, and what is remembered of jobs that have ended.
 *
 * A job goes to an idle session; to a new one, if there may be more; to the session that has least to do, if that has
 * room; else it stands in line. How many jobs a session has room for depends on how long they run: about AHEAD_MS of work
 * stands behind a job. What has waited behind another for PATIENCE_MS is taken back, and is the first to be run elsewhere.
 * So jobs begin in the order in which they came, but for those few ms.
 *
 * Invariant: nobody stands in line while a session has room. So whoever stands in line, somebody runs; those who run keep
 * the process alive, and the line need not.
 */
export class Dispatcher implements SessionOwner, JobHome {
  readonly workers: PoolWorkers;
  readonly maxThreads: number;
  readonly counters: JobCounters;
  readonly #minThreads: number;
  readonly #idleTimeout: number;
  readonly #line = new Line();
  readonly #sessions = new Set<PoolSession>();
  readonly #loads = new SessionLoads();
  /** Threads that were accepted and are not over. */
  readonly #threads = new Set<Job>();
  readonly #changed: () => void;
  /** Jobs that sessions have. */
  #sent = 0;
  /** Sessions that have any. */
  #loaded = 0;
  /** Sessions whose worker is taken, and those of them whose job is over for its user. */
  #busy = 0;
  #ending = 0;
  /** How late this thread hears of ends, in ms: the most of the last ones. */
  #lag = 0;
  #looks = false;
  #sweeps = false;
  #isChild = false;
  readonly #emptied: (() => void)[] = [];

  /** @param changed - a job has come, begun or ended, or a worker has */
  constructor(options: CheckedPoolOptions, changed: () => void) {
    this.maxThreads = options.maxThreads;
    this.#minThreads = options.minThreads;
    this.#idleTimeout = options.idleTimeout;
    this.#changed = changed;
    this.counters = new JobCounters(changed);
    this.workers = new PoolWorkers(options.piscina, () => this.#adopt(), changed);
  }

  /** Sessions whose worker is taken: by a job, by what one has left behind, or because it is being killed. */
  get busy(): number {
    return this.#busy;
  }

  /** Jobs that were accepted and have not begun. */
  get queued(): number {
    return this.#line.size + this.#sent - this.#loaded;
  }

  /** Of `busy`: those that are about to be free. */
  get ending(): number {
    return this.#ending;
  }

  /** Whether a newcomer would begin at once. */
  get hasRoom(): boolean {
    return this.#line.size === 0 && this.#busy < this.maxThreads;
  }

  /** The idents of the jobs that are threads already: those that run, and Threads in line. */
  idents(): number[] {
    const idents = new Set<number>();
    for (const { ident } of this.#threads) idents.add(ident);
    for (const session of this.#sessions) for (const ident of session.idents()) idents.add(ident);
    return [...idents];
  }

  /** The job that runs as the thread of that ident. */
  jobOf(ident: number): Job | undefined {
    for (const session of this.#sessions)
      for (const job of session) if (session.identOf(job) === ident) return job;
    return undefined;
  }

  // ─── jobs that come ───────────────────────────────────────────────────────────────────────────

  /** Gives it to a session, or lets it stand in line. @throws what keeps it from being sent, or copied for the line */
  submit(job: Job): void {
    job.order = this.#line.nextOrder();
    job.accepted = clock();
    const session = this.#line.size === 0 ? this.#sessionFor(job) : undefined;
    if (session !== undefined && session.size === 0) this.#give(job, session);
    else {
      job.copy();
      const behind = this.#line.size === 0 ? this.#sessionFor(job) : undefined;
      if (behind === undefined) this.#line.push(job);
      else this.#give(job, behind);
    }
    if (job instanceof ThreadJob) this.#threads.add(job);
    this.#updated();
  }

  #sessionFor(job: Job): PoolSession | undefined {
    const least = this.#loads.least();
    if (least?.size === 0) return least;
    if (this.#sessions.size < this.maxThreads) return this.#open();
    if (least === undefined || !job.returns || least.size >= this.#depth(least, job)) return undefined;
    return least;
  }

  /** How many jobs the session may have, if that one is the last of them. */
  #depth(session: PoolSession, job: Job): number {
    const mean = Math.max(job.target?.meanTime ?? 0, session.newest?.target?.meanTime ?? 0);
    if (mean === 0) return SHALLOWEST;
    const ahead = Math.max(AHEAD_MS, 2 * this.#lag);
    return Math.min(DEEPEST, Math.max(SHALLOWEST, Math.floor(ahead / mean)));
  }

  #open(): PoolSession {
    const session = new PoolSession(this);
    this.#sessions.add(session);
    this.#loads.place(session);
    this.workers.open(session);
    return session;
  }

  #give(job: Job, session: PoolSession): void {
    session.give(job);
    this.#count(session);
    if (session.size > 1 || !session.opened) this.#lookForSilent();
  }

  /** Hands out what stands in line, as far as there is room. */
  #dispatch(): void {
    for (let job = this.#line.first(); job !== undefined; job = this.#line.first()) {
      const session = this.#sessionFor(job);
      if (session === undefined) break;
      this.#line.shift();
      try {
        this.#give(job, session);
      } catch (error) {
        this.#fail(job, { error, exitCode: 0, terminated: false, unbegun: true });
      }
    }
  }

  // ─── jobs that leave ──────────────────────────────────────────────────────────────────────────

  withdrawn(job: Job, session: PoolSession | undefined): void {
    if (session === undefined) this.#line.left();
    else this.#count(session);
    this.#over(job, 'cancelled');
    this.#dispatch();
    this.#updated();
  }

  /** The user of a job that runs knows how it ended, or does not want to: who comes next need not wait for its end. */
  told(job: Job): void {
    if (!(job.session instanceof PoolSession)) return;
    job.session.told = true;
    this.#count(job.session);
  }

  #over(job: Job, how: JobResult): void {
    if (job.ident !== 0) this.#threads.delete(job);
    this.counters.ended(how);
  }

  /** One that cannot be sent, or whose worker did not come up. */
  #fail(job: Job, exit: WorkerExit): void {
    job.over = true;
    this.#over(job, exit.terminated ? 'cancelled' : 'failed');
    job.died(exit);
  }

  // ─── what sessions tell ───────────────────────────────────────────────────────────────────────

  /** Its place is given to the next before anybody hears of the end: who has awaited it finds room. */
  ended(session: PoolSession, job: Job, { how, began, ended, leftovers }: JobEnd): void {
    session.silent = false;
    session.told = false;
    this.#lag = Math.max(this.#lag * 0.97, session.heardAt - ended);
    if (job.target !== null) noteRunTime(job.target, ended - began);
    this.counters.ran(job.accepted, began, ended);
    this.#over(job, how === CANCELLED ? 'cancelled' : how > COMPLETED ? 'failed' : 'completed');
    // Its worker begins with none of them until that is done.
    if (leftovers) this.#line.giveBack(session.takeBackAll());
    this.#count(session);
    if (session.size === 0) this.#dispatch();
    this.#updated();
  }

  lost(session: PoolSession, job: Job, { terminated }: WorkerExit): void {
    this.#over(job, terminated ? 'cancelled' : 'failed');
    this.freed(session, []);
  }

  freed(session: PoolSession, returned: readonly Job[]): void {
    this.#line.giveBack(returned);
    this.#count(session);
    this.#dispatch();
    this.#updated();
  }

  heard(): void {
    this.#dispatch();
  }

  /** Only the job that the worker ran dies with it; the others are at the head of the line again. */
  exited(session: PoolSession, exit: WorkerExit, begun: readonly Job[], untouched: readonly Job[]): boolean {
    this.#forget(session);
    for (const job of begun) {
      if (!exit.terminated) this.counters.ran(job.accepted, session.lastEnd, clock());
      this.#over(job, exit.terminated ? 'cancelled' : 'failed');
    }
    const failed = untouched.filter((job) => !job.returns || this.#failsWith(session, exit, job, untouched));
    this.#line.giveBack(untouched.filter((job) => !failed.includes(job)));
    this.#dispatch();
    for (const job of begun) job.died(exit);
    for (const job of failed) this.#fail(job, { ...exit, unbegun: true });
    this.#updated();
    return begun.length + failed.length > 0;
  }

  /** The first job of a worker that did not come up fails with what kept that, so that a broken one is not tried for ever. */
  #failsWith(session: PoolSession, exit: WorkerExit, job: Job, [first]: readonly Job[]): boolean {
    if (session.opened || exit.terminated || job !== first) return false;
    job.failedStarts++;
    return job.failedStarts === MOST_FAILED_STARTS || ![...this.#sessions].some(({ opened }) => opened);
  }

  #count(session: PoolSession): void {
    const { size, hasLeftovers, dead } = session;
    const busy = size > 0 || hasLeftovers || (dead && !session.retired);
    const ending = busy && (hasLeftovers || dead || session.told);
    this.#sent += size - session.jobs;
    this.#loaded += Number(size > 0) - Number(session.jobs > 0);
    this.#busy += Number(busy) - Number(session.busy);
    this.#ending += Number(ending) - Number(session.ending);
    session.jobs = size;
    session.busy = busy;
    session.ending = ending;
    this.#loads.place(session);
    if (session.bucket !== 0) return;
    session.idleSince = now();
    this.#sweepLater(this.#idleTimeout);
  }

  #forget(session: PoolSession): void {
    this.#sessions.delete(session);
    this.#loads.place(session);
    this.#sent -= session.jobs;
    this.#loaded -= Number(session.jobs > 0);
    this.#busy -= Number(session.busy);
    this.#ending -= Number(session.ending);
  }

  // ─── jobs that wait behind one that does not end ──────────────────────────────────────────────

  #lookForSilent(): void {
    if (this.#looks || this.#sessions.size < 2) return;
    this.#looks = true;
    after(PATIENCE_MS, () => {
      this.#looks = false;
      const more = [...this.#sessions].filter((session) => this.#relieve(session));
      this.#dispatch();
      this.#updated();
      if (more.length > 0) this.#lookForSilent();
    });
  }

  /** Takes back what has waited for long. Returns whether to look again. */
  #relieve(session: PoolSession): boolean {
    if (session.dead) return false;
    if (session.unseen !== undefined) return this.#awaitLife(session, session.unseen);
    const isSilent = (): boolean => clock() - session.lastEnd >= PATIENCE_MS;
    if (session.size < (session.opened ? 2 : 1)) return false;
    if (isSilent()) session.drain();
    const [oldest] = session;
    if (oldest === undefined || !isSilent()) return oldest !== undefined;
    const runs = session.identOf(oldest) > 0;
    // One that the worker has not begun with waits on, unless another worker is free for it.
    if (!runs && this.#loads.idle.length === 0) return true;
    const { seq } = session.newest ?? oldest;
    this.#line.giveBack(session.takeBackAll());
    session.silent = session.opened;
    if (session.silent && session.size === 0) session.unseen = seq;
    this.#count(session);
    return session.unseen !== undefined;
  }

  /** All jobs were taken back from a worker that did not look at them. It gets others once it does, or else is killed. */
  #awaitLife(session: PoolSession, seq: number): boolean {
    if (session.hasSeen(seq)) {
      session.unseen = undefined;
      session.silent = false;
      this.#count(session);
      return false;
    }
    if (clock() - session.lastEnd < UNSEEN_MS) return true;
    session.killHung(null);
    return false;
  }

  // ─── workers that nobody needs, and that are missing ──────────────────────────────────────────

  #sweepLater(ms: number): void {
    if (this.#sweeps || this.#idleTimeout === Number.POSITIVE_INFINITY) return;
    this.#sweeps = true;
    after(ms, () => {
      this.#sweeps = false;
      this.#sweep();
    });
  }

  /** Ends workers that have been idle for `idleTimeout`, as far as there are more than are kept. */
  #sweep(): void {
    let surplus = this.workers.count - this.#minThreads;
    let next = Number.POSITIVE_INFINITY;
    for (const session of [...this.#loads.idle].sort((a, b) => a.idleSince - b.idleSince)) {
      if (surplus <= 0) return;
      const left = session.idleSince + this.#idleTimeout - now();
      if (left > 0) next = Math.min(next, left);
      else {
        surplus--;
        session.retired = true;
        void session.kill();
        this.#count(session);
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#sweepLater(next);
  }

  /** A worker has come up that no session waits for: it gets one, so that it is ended when it stays idle. */
  #adopt(): void {
    const { workers } = this;
    while (this.#sessions.size < this.maxThreads) {
      const isSurplus = workers.surplus > 0 && workers.count > this.#minThreads;
      // Piscina gives up to replace workers once one has failed to come up.
      if (!isSurplus && workers.count >= this.#minThreads) return;
      this.#count(this.#open());
    }
  }

  // ─── the end ──────────────────────────────────────────────────────────────────────────────────

  /** Ends the workers once no job runs or stands in line, and what jobs have printed is out. */
  async close(): Promise<void> {
    while (!this.#isEmpty || [...this.#sessions].some(({ flushing }) => flushing))
      await new Promise<void>((resolve) => this.#emptied.push(resolve));
    await this.workers.close();
  }

  get #isEmpty(): boolean {
    return this.#busy === 0 && this.#line.size === 0;
  }

  #updated(): void {
    if (this.#isEmpty === this.#isChild) {
      this.#isChild = !this.#isChild;
      countChild(this.#isChild ? 1 : -1, false);
    }
    if (this.#isEmpty) for (const tell of this.#emptied.splice(0)) tell();
    this.#changed();
  }
}
