import type { PoolRecord } from '../../primitives/threads/pool-records.js';
import { clock } from '../../primitives/threads/table.js';
import { cannotStart } from '../thread/start.js';
import { CANCELLED, COMPLETED } from '../wire/messages.js';
import { countChild } from '../workers/children.js';
import type { Job, JobEnd, JobHome, TiedJob, WorkerExit } from '../workers/job.js';
import { noteRunTime } from '../workers/job-target.js';
import type { SessionOwner } from '../workers/session-owner.js';
import { ThreadJob } from '../workers/thread-job.js';
import { IdleSweep } from './idle-sweep.js';
import { JobCounters, type JobResult } from './job-counters.js';
import { Patience } from './patience.js';
import type { CheckedPoolOptions } from './pool-options.js';
import { leaveOut, PoolSession } from './pool-session.js';
import { PoolSessions } from './pool-sessions.js';
import { PoolWorkers } from './pool-workers.js';
import { PriorityLine } from './priority-line.js';

/**
 * The jobs of a pool, and who runs them: the line, the sessions, and what is remembered of jobs that have ended.
 *
 * A job goes to an idle session; to a new one, if there may be more; to the session that has least to do, if that has room;
 * else it stands in line. Before all of these comes a session at work, for a job that takes less time than to wake another worker
 * (`sharedFor` of PoolSessions). How many jobs a session has room for depends on how long they run: about a millisecond of
 * work stands behind a job. What has waited behind another for 2 ms is taken back (patience.ts), and is the first to be run
 * elsewhere; while nobody is free it may wait 40 ms. So jobs begin in the order in which they came, but for those few ms.
 *
 * Invariant: nobody stands in line while a session has room, but for who hurries and those behind. So whoever stands in line,
 * somebody runs; those who run keep the process alive, and the line need not.
 */
export class Dispatcher implements SessionOwner<PoolSession>, JobHome {
  readonly workers: PoolWorkers;
  readonly maxThreads: number;
  readonly #maxQueue: number;
  readonly counters: JobCounters;
  readonly contexts: CheckedPoolOptions['contexts'];
  readonly #line = new PriorityLine();
  readonly #sessions: PoolSessions;
  readonly #patience: Patience;
  /** Threads that were accepted and are not over. */
  readonly #threads = new Set<Job>();
  readonly #changed: () => void;
  /** How late this thread hears of a job's end, in ms: the most of the last few. */
  #lag = 0;
  /** Its jobs count as children of this thread, which so is not over before they are: see workers/children.ts. */
  #isChild = false;
  /** All jobs are over, and the workers are being ended. */
  #closes = false;
  /** Called once there is no job any more. */
  readonly #emptied: (() => void)[] = [];
  /** The lowest priority of the jobs that wait behind another of their session. */
  #lowestAhead = Number.POSITIVE_INFINITY;

  /**
   * @param record - for other threads
   * @param changed - a job has come, begun or ended, or a worker has
   */
  constructor(options: CheckedPoolOptions, record: PoolRecord, changed: () => void) {
    const { maxThreads, minThreads, idleTimeout, worker: settings } = options;
    const life = { ...options.life, pool: record.id };
    this.contexts = options.contexts;
    this.maxThreads = maxThreads;
    this.#maxQueue = options.maxQueue;
    this.#changed = changed;
    this.counters = new JobCounters(record, changed);
    const sessions = new PoolSessions(() => sweep.begin());
    this.#sessions = sessions;
    const newSession = (): PoolSession => new PoolSession(this, life);
    this.workers = new PoolWorkers({ minThreads, maxThreads, settings, sessions, newSession, changed });
    const sweep = new IdleSweep(sessions, minThreads, idleTimeout);
    const returned = (jobs: readonly Job[]): void => this.#line.giveBack(jobs);
    this.#patience = new Patience(sessions, maxThreads, returned, () => this.#looked());
    const error = this.workers.keepEnough();
    // With fewer it carries on.
    if (error !== undefined && this.#sessions.size === 0) throw cannotStart('worker', [], error);
  }

  /** See PoolSessions. */
  get busy(): number {
    return this.#sessions.busy;
  }

  /** Jobs that were accepted and have not begun. */
  get queued(): number {
    return this.#line.size + this.#sessions.waiting;
  }

  /** See PoolSessions. */
  get ending(): number {
    return this.#sessions.ending;
  }

  /** Whether a newcomer would begin at once. */
  get hasRoom(): boolean {
    return this.#line.size === 0 && this.busy < this.maxThreads;
  }

  /** The idents of the jobs that are threads already: those that run, and Threads in line. */
  idents(): Set<number> {
    const running = [...this.#sessions].flatMap((session) => session.idents());
    return new Set([...running, ...[...this.#threads].map(({ ident }) => ident)]);
  }

  /** The job that runs as the thread of that ident. */
  jobOf(ident: number): Job | undefined {
    for (const session of this.#sessions)
      for (const job of session) if (session.identOf(job) === ident) return job;
    return undefined;
  }

  /** Jobs that wait for a worker, so many at most, in the order in which they came. */
  oldest(most: number): Job[] {
    const ahead = [...this.#sessions].flatMap((session) =>
      [...session].filter((job) => session.identOf(job) === 0),
    );
    return [...ahead, ...this.#line.oldest(most)].sort((a, b) => a.order - b.order).slice(0, most);
  }

  // ─── jobs that come ───────────────────────────────────────────────────────────────────────────

  /** Gives it to a session, or lets it stand in line. @throws what keeps it from being sent or copied; then it is no job of the pool */
  submit(job: Job): void {
    // Before it is asked who has room: a getter of what it is called with may run others, leave them or join them.
    job.copy();
    // What an idle worker would begin at once does not queue, and so is not refused: see Entrance.
    const shares = job.priority <= this.#lowestAhead && this.queued < this.#maxQueue;
    const session = this.#line.size === 0 ? this.#sessionFor(job, shares) : undefined;
    const idle = session?.size === 0;
    job.order = this.#line.nextOrder();
    job.accepted = clock();
    const makesWay = !idle && job.priority > this.#lowestAhead && this.#makeWay(job);
    if (session !== undefined && !makesWay) this.#give(job, session);
    else this.#line.push(job);
    // Lower ones were taken back.
    if (makesWay) this.#dispatch();
    if (job instanceof ThreadJob && !job.over) this.#threads.add(job);
    this.#updated();
  }

  /** Takes the jobs of lower priorities back from the session that has least to do. Returns whether there were any. */
  #makeWay({ priority }: Job): boolean {
    const session = this.#sessions.loads.least();
    const lower = session?.takeBackBelow(priority) ?? [];
    if (session === undefined || lower.length === 0) return false;
    this.#line.giveBack(lower);
    this.#sessions.count(session);
    return true;
  }

  /** Starts as many workers as there may be. @throws ThreadError when the system gives no more */
  openAll(): void {
    try {
      this.workers.openAll();
    } catch (error) {
      throw cannotStart('worker', [], error);
    }
  }

  /** Those whose worker lives, or starts, and is not to be replaced: `broadcast` gives each of them a job. */
  liveSessions(): PoolSession[] {
    return [...this.#sessions].filter(({ dead, worn }) => !dead && !worn);
  }

  /**
   * Gives the job to that worker, once it has done those that it has.
   *
   * @param tied - `left` is called when the worker ends before it begins with the job: there is nothing to run it for
   * @throws what keeps it from being copied
   */
  send(job: Job, session: PoolSession, tied: TiedJob): void {
    job.copy();
    job.tied = tied;
    job.order = this.#line.nextOrder();
    job.accepted = clock();
    session.own.push(job);
    this.#sessions.count(session);
    this.#updated();
  }

  /** @param shares - one at work may come before an idle one: see `sharedFor`. @throws whatever keeps a worker from being made, when there is none at all */
  #sessionFor(job: Job, shares: boolean): PoolSession | undefined {
    const shared = shares ? this.#sessions.sharedFor(job) : undefined;
    if (shared !== undefined) return shared;
    const least = this.#sessions.loads.least();
    if (least?.size === 0) return least;
    if (this.#sessions.size < this.maxThreads) {
      try {
        return this.workers.open();
      } catch (error) {
        // Somebody runs, so the job need not fail.
        if (this.#sessions.size === 0) throw error;
      }
    }
    if (least === undefined || !job.returns || job.hurries) return undefined;
    return least.size < least.depth(job, this.#lag) ? least : undefined;
  }

  #give(job: Job, session: PoolSession): void {
    session.give(job);
    this.#sessions.count(session);
    if (this.#sessions.waiting === 0) this.#lowestAhead = Number.POSITIVE_INFINITY;
    else this.#lowestAhead = Math.min(this.#lowestAhead, job.priority);
    if (session.size > 1 || !session.opened) this.#patience.begin();
  }

  /** Hands out what stands in line, as far as there is room. Those taken back may block: they are not all behind one again. */
  #dispatch(): void {
    let woken = 0;
    for (let job = this.#line.first(); job !== undefined; job = this.#line.first()) {
      try {
        const session = this.#sessionFor(job, woken >= this.#sessions.wakes);
        if (session === undefined) break;
        if (session.size === 0) woken++;
        this.#line.shift();
        this.#give(job, session);
      } catch (error) {
        if (this.#line.first() === job) this.#line.shift();
        this.#fail(job, { error, exitCode: 0, terminated: false, unbegun: true });
      }
    }
    if (this.hasRoom && this.#patience.takeBackLate()) this.#dispatch();
  }

  // ─── jobs that leave ──────────────────────────────────────────────────────────────────────────

  withdrawn(job: Job, session: PoolSession | undefined): void {
    if (session !== undefined) this.#sessions.count(session);
    else if (job.tied === undefined) this.#line.left(job);
    else for (const each of this.#sessions) if (each.disown(job)) this.#sessions.count(each);
    this.#over(job, 'cancelled');
    this.#dispatch();
    this.#updated();
  }

  /** The user of a job that runs knows how it ended, or does not want to: who comes next need not wait for its end. */
  told(job: Job): void {
    if (!(job.session instanceof PoolSession)) return;
    job.session.told = true;
    this.#sessions.count(job.session);
  }

  #over(job: Job, how: JobResult): void {
    if (job.ident !== 0) this.#threads.delete(job);
    if (job.counts) this.counters.ended(how);
  }

  /** One that cannot be sent, or whose worker did not come up. */
  #fail(job: Job, exit: WorkerExit): void {
    job.over = true;
    job.drop();
    this.#over(job, exit.terminated ? 'cancelled' : 'failed');
    job.died(exit);
  }

  // ─── what sessions tell ───────────────────────────────────────────────────────────────────────

  /** Its place is given to the next before anybody hears of the end: who has awaited it finds room. */
  ended(session: PoolSession, job: Job, { how, began, ended, leftovers }: JobEnd): void {
    session.goesOn();
    this.#lag = Math.max(this.#lag * 0.97, session.heardAt - ended);
    if (job.target !== null) noteRunTime(job.target, ended - began);
    if (job.counts) this.counters.ran(job.accepted, began, ended);
    this.#over(job, how === CANCELLED ? 'cancelled' : how > COMPLETED ? 'failed' : 'completed');
    // Its worker begins with none of them until that is done.
    if (leftovers || session.worn) this.#line.giveBack(session.takeBackAll());
    this.#endWorn(session);
    this.#sessions.count(session);
    if (session.size === 0) this.#dispatch();
    this.workers.keepEnough();
    this.#updated();
  }

  lost(session: PoolSession, job: Job, { terminated }: WorkerExit): void {
    session.goesOn();
    this.#over(job, terminated ? 'cancelled' : 'failed');
    this.freed(session, []);
  }

  freed(session: PoolSession, returned: readonly Job[]): void {
    this.#line.giveBack(returned);
    this.#endWorn(session);
    this.#sessions.count(session);
    this.#dispatch();
    this.#updated();
  }

  /** Another worker takes its place, once it has exited. */
  #endWorn(session: PoolSession): void {
    if (session.worn) leaveOut(session.own);
    const isDone = session.size === 0 && !session.hasLeftovers && !session.flushing;
    if (session.worn && isDone && !session.dead) void session.end();
  }

  heard(): void {
    this.#dispatch();
  }

  #looked(): void {
    this.#dispatch();
    this.#updated();
  }

  /** Only the job that the worker ran dies with it; the others are at the head of the line again. */
  exited(session: PoolSession, exit: WorkerExit, begun: readonly Job[], untouched: readonly Job[]): boolean {
    this.#sessions.delete(session);
    for (const job of begun) {
      if (!exit.terminated) this.counters.ran(job.accepted, session.lastEnd, clock());
      this.#over(job, exit.terminated ? 'cancelled' : 'failed');
    }
    const others = [...this.#sessions].some(({ opened }) => opened);
    const lost = untouched.filter((job) => session.loses(job, job === untouched[0], exit, others));
    const own = [...untouched.filter((job) => job.tied !== undefined), ...session.own.splice(0)];
    // A worker that did not come up has not done what it was to do.
    const failed = session.opened || exit.terminated ? lost : [...lost, ...own];
    this.#line.giveBack(untouched.filter((job) => job.tied === undefined && !lost.includes(job)));
    this.#dispatch();
    // A worker that did not come up is not tried again until another has.
    if (session.opened && !session.retired && !this.#closes) this.workers.keepEnough();
    for (const job of begun) job.died({ ...exit, ident: session.identOf(job) });
    for (const job of failed) this.#fail(job, { ...exit, unbegun: true });
    leaveOut(own);
    this.#updated();
    return begun.length + failed.length > 0;
  }

  // ─── the end ──────────────────────────────────────────────────────────────────────────────────

  /** Ends the workers once no job is there or on its way in, whose getters may call this, and what jobs have printed is out. */
  async close(): Promise<void> {
    await null;
    while (!this.#isEmpty || [...this.#sessions].some(({ flushing }) => flushing))
      await new Promise<void>((resolve) => this.#emptied.push(resolve));
    this.#closes = true;
    await Promise.all([...this.#sessions].map((session) => session.end()));
  }

  get #isEmpty(): boolean {
    return this.busy === 0 && this.#line.size === 0;
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
