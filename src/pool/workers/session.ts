import { MessageChannel } from 'node:worker_threads';
import { type Cells, load } from '../../primitives/memory/word.js';
import { clock } from '../../primitives/threads/table.js';
import { markDied } from '../../primitives/threads/thread-slots.js';
import { recheckPeriodically } from '../../primitives/waiting/event-loop.js';
import { drainTraces } from '../wire/bus.js';
import { type PackedError, unpackError } from '../wire/codec.js';
import {
  type CancelMessage,
  type CreditMessage,
  DECLINED,
  type EndMessage,
  type FromWorker,
  THREW,
} from '../wire/messages.js';
import type { UnreadMessage } from '../wire/port-channel.js';
import { allocateSession, SEEN } from '../wire/session-cells.js';
import { HangWatch, type Watched } from './hang-watch.js';
import { endOf, type Job, type JobHolder, type WorkerExit } from './job.js';
import type { JobTarget } from './job-target.js';
import { heardFromWorker, mayAsk } from './loop-questions.js';
import { Outbox } from './outbox.js';
import { SentJobs } from './sent-jobs.js';
import {
  openingHere,
  PLAIN_LIFE,
  type SessionOpening,
  type SessionOwner,
  type WorkerLife,
} from './session-owner.js';
import { SessionPort } from './session-port.js';
import { type MadeWorker, SessionWorker } from './session-worker.js';
import { relayUnhandled, reportUnhandled } from './unhandled.js';

/**
 * A worker that stays, seen from who starts jobs in it: a port, and the shared words of wire/session-cells.ts. All jobs of
 * the worker go over that port, and none of them is a task of Piscina's, whose only task here hands the port over.
 *
 * A session may have several jobs, of which the worker runs one after the other: the rest are sent ahead, so that it does
 * not wait for this thread's event loop between two. Until it begins with one, that can be taken back (wire/job-claims.ts).
 * The first job of a session that has none is posted at once, so that it runs although this thread blocks from here on;
 * those behind it go together, in a microtask.
 */
export class Session implements JobHolder, Watched {
  readonly owner: SessionOwner<Session>;
  readonly opening: SessionOpening;
  readonly #port: SessionPort;
  readonly #cells: Cells = allocateSession();
  readonly #jobs: SentJobs = new SentJobs(this.#cells);
  readonly #outbox: Outbox;
  readonly #worker = new SessionWorker();
  readonly watch: HangWatch;
  /** When a job ended last, or the first of several was sent. */
  lastEnd = 0;
  /** Its worker begins with no other job. */
  worn = false;
  /** The last job that was sent: its number, and what it runs. Not the job, because an idle worker would keep what that was called with. */
  newest = 0;
  newestTarget: JobTarget | null = null;

  constructor(owner: SessionOwner<Session>, leftoversMs: number, life: WorkerLife = PLAIN_LIFE) {
    this.owner = owner;
    const { port1, port2 } = new MessageChannel();
    this.#port = new SessionPort(
      port1,
      (message) => this.#heed(message),
      () => owner.heard(this),
    );
    this.#outbox = new Outbox(this.#port.channel, this.#cells);
    this.watch = new HangWatch(this, this.#jobs, leftoversMs < Number.POSITIVE_INFINITY);
    this.opening = openingHere(port2, this.#cells, leftoversMs, life);
    // A dying worker closes its port before it emits 'exit': until then the worker itself keeps the process alive, or
    // nobody would learn of the death.
    this.#port.channel.onClose(() => this.#worker.ref());
  }

  /** See SessionPort. */
  get heardAt(): number {
    return this.#port.heardAt;
  }

  /** Jobs that it has. */
  get size(): number {
    return this.#jobs.size;
  }

  get workerId(): number {
    return this.#worker.id;
  }

  /** Its worker has come up. */
  get opened(): boolean {
    return load(this.#cells, SEEN) > 0;
  }

  /** Its worker is no more, or is about to be. */
  get dead(): boolean {
    return this.#worker.dead;
  }

  get hasLeftovers(): boolean {
    return this.watch.leftoversOf !== 0;
  }

  /** Whether output of jobs that have ended is on its way. */
  get flushing(): boolean {
    return this.#port.flushes.length > 0;
  }

  /** See SentJobs. */
  get hasWord(): boolean {
    return this.#jobs.hasWord;
  }

  /** It has a worker from now on, which may still be starting. */
  attach(worker: MadeWorker): void {
    this.#worker.attach(worker);
    mayAsk(this, true);
    if (this.size > 0) this.#worker.open();
  }

  // ─── jobs on their way to the worker ──────────────────────────────────────────────────────────

  /** @throws DataCloneError; it has not got the job then */
  give(job: Job): void {
    const first = this.#jobs.size === 0;
    const seq = this.#jobs.offer();
    this.#outbox.send(seq, job, first);
    this.#jobs.add(job, seq);
    job.session = this;
    this.newest = seq;
    this.newestTarget = job.target;
    if (first) {
      this.lastEnd = clock();
      recheckPeriodically(this.watch);
    }
    this.#worker.open();
    if (job.holds) this.#port.hold(1);
    job.sent();
  }

  /** Passes the question of a monitor on; of a worker that has nothing to do nobody wants to know. */
  ask(): void {
    if (this.size > 0 && this.opened && !this.dead) this.#outbox.post({ kind: 'ask' });
  }

  post(message: CancelMessage | CreditMessage): void {
    if (!this.#worker.gone) this.#outbox.post(message);
  }

  /** The ident of the job's thread; 0: the worker has not begun with it. */
  identOf(job: Job): number {
    return this.#jobs.identOf(job);
  }

  /** Whether the job is posted, so that the worker needs nothing of this thread any more to begin with it. */
  isPosted(job: Job): boolean {
    return this.#worker.id !== -1 && !this.#outbox.has(job.seq);
  }

  /** Called by who blocks the event loop until a job is over: what that would find. false: the worker has exited. */
  lives(): boolean {
    this.watch.recheck();
    return this.#worker.exists;
  }

  [Symbol.iterator](): Iterator<Job> {
    return this.#jobs[Symbol.iterator]();
  }

  /** false: the worker has begun with it. */
  takeBack(job: Job): boolean {
    if (!this.#jobs.takeBack(job)) return false;
    this.#remove(job);
    return true;
  }

  /** Takes back what the worker has not begun with, or of that the `wanted`: last first, as it goes on with the oldest. */
  takeBackAll(wanted: (job: Job) => boolean = () => true): Job[] {
    const all = [...this].reverse();
    return all.filter((job) => job.returns && wanted(job) && this.takeBack(job)).reverse();
  }

  #remove(job: Job): void {
    this.#jobs.delete(job);
    this.#outbox.forget(job);
    if (job.holds) this.#port.hold(-1);
  }

  // ─── what the worker says ─────────────────────────────────────────────────────────────────────

  /** Hears now what the event loop would bring later. */
  drain(): void {
    if (!this.#worker.gone) this.#port.drain();
  }

  #heed(message: FromWorker | UnreadMessage): void {
    const other = message as Exclude<typeof message, EndMessage>;
    if (Array.isArray(message)) this.#end(message as unknown as EndMessage);
    else if (other.kind === 'values' || other.kind === 'progress') this.#jobs.get(other.seq)?.heard(other);
    else if (other.kind === 'flushed') this.#flushed();
    else if (other.kind === 'idle') this.#idle();
    else if (other.kind === 'unhandled') relayUnhandled(other);
    else if (other.kind === 'answer') heardFromWorker(other.answer);
    else if (other.kind === 'refused') this.#refused(other.nth, other.why);
    else if (other.kind === 'failed') this.#worker.failure = unpackError(other.error);
    else this.#unread(other.why);
  }

  #end(message: EndMessage): void {
    const [seq, how, value] = message;
    const job = this.#jobs.get(seq);
    if (job === undefined) return;
    // A worker that is killed while it imports a module runs on with half of its modules. The error that it reports
    // then is of our making and not the target's.
    if (this.#worker.killed && how === THREW) return;
    if (how === DECLINED) {
      const error = value === undefined ? undefined : unpackError(value as PackedError);
      this.#lose(job, { exitCode: 0, terminated: error === undefined, unbegun: true, error });
      return;
    }
    const end = endOf(message, this.identOf(job));
    if (end.isLast) this.worn = true;
    if (end.flushing) this.#port.flushBegins(job);
    // Jobs may stand in line for this worker, and the line does not keep the process alive.
    if (end.leftovers && this.watch.leftoversBegin(end.ident)) this.#port.hold(1);
    this.lastEnd = this.#port.heardAt;
    this.#remove(job);
    job.over = true;
    drainTraces();
    this.owner.ended(this, job, end);
    job.ended(end);
  }

  #flushed(): void {
    const job = this.#port.flushEnds();
    job?.flushed();
    if (job !== undefined) this.owner.freed(this, []);
  }

  #idle(): void {
    if (this.watch.leftoversEnd()) this.#port.hold(-1);
    this.owner.freed(this, []);
  }

  /** A job whose arguments cannot be read in the worker. */
  #refused(nth: number, why: string): void {
    // It answers, also where the job has been taken back by then.
    this.watch.refused = this.#outbox.seqAlone(nth);
    const job = this.#outbox.wentAlone(nth);
    if (job === undefined || !this.takeBack(job)) return;
    job.unread(`the arguments of the thread cannot be read in its worker: ${why}`);
    this.#told(job, { exitCode: 0, terminated: false, unbegun: true });
  }

  /**
   * Something came that cannot be read here: the result of the job that the worker has begun with first, or a value without
   * which what follows makes no sense. If the worker has gone on to another job, that one is over and its worker as good
   * as before.
   */
  #unread(why: string): void {
    const job = this.#jobs.running;
    if (job === undefined) return;
    job.unread(why);
    if (!this.#killWith(job)) this.#lose(job, { exitCode: 0, terminated: false });
  }

  #lose(job: Job, exit: WorkerExit): void {
    this.#remove(job);
    this.#told(job, exit);
  }

  #told(job: Job, exit: WorkerExit): void {
    job.over = true;
    // Before another job may have its claim word.
    const ident = this.identOf(job);
    this.owner.lost(this, job, exit);
    job.died({ ...exit, ident });
  }

  // ─── its end ──────────────────────────────────────────────────────────────────────────────────

  /** Ends the worker, so that the job is over; resolves when it is. The worker's other jobs are run elsewhere. */
  async killFor(job: Job): Promise<void> {
    if (this.#killWith(job)) return await this.#worker.exit;
    this.drain();
    // It was the one before it that is over, which this thread had not heard of.
    if (!job.over && this.#killWith(job)) await this.#worker.exit;
  }

  /**
   * Kills the worker, unless it has begun with another job than this, which so is over: the end of this one is on its way.
   * Once all others are taken back, the worker begins with nothing more.
   */
  #killWith(job: Job): boolean {
    const returned = this.takeBackAll((other) => other !== job);
    const alone = this.#jobs.size === 1;
    if (alone) void this.kill();
    this.owner.freed(this, returned);
    return alone;
  }

  /** Ends the worker, which has no job: what the pool's `teardown` does in it goes first. */
  end(): Promise<void> {
    const { exit } = this.#worker;
    if (this.dead) return exit;
    // The process stays for it, and for those who wait for another worker in its place.
    this.#port.hold(1);
    if (!this.opened || this.opening.life.teardown === undefined) return this.kill();
    this.#worker.tearDown(() => this.#outbox.post({ kind: 'tear down' }));
    return exit;
  }

  kill(): Promise<void> {
    this.#worker.kill();
    return this.#worker.exit;
  }

  giveUp(): void {
    void this.kill();
    // Until it has exited it is to get no job: what moves would be lost with it.
    this.freed();
  }

  freed(): void {
    this.owner.freed(this, []);
  }

  /** Called in the place of `attach` when the first job could not be sent, and so there is no worker. */
  discard(): void {
    this.#worker.exited();
    this.#port.channel.close();
  }

  /** Called by who made the worker, with what was thrown in it and not caught. */
  exited(thrown: unknown, exitCode: number): void {
    if (this.#worker.gone) return;
    mayAsk(this, false);
    // Before its last messages are heard: whoever hears of an end may have another job, which this worker does not get.
    this.#worker.exited();
    this.#port.drain();
    this.#port.channel.close();
    const left = this.watch.leftoversOf;
    this.watch.leftoversEnd();
    const { begun, untouched } = this.#jobs.empty();
    for (const job of begun) {
      job.over = true;
      markDied(this.identOf(job));
    }
    const exit = this.#worker.exitOf(thrown, exitCode);
    const told = this.owner.exited(this, exit, begun, untouched);
    if (exit.error !== undefined && !told) reportUnhandled(left === 0 ? null : left, exit.error);
    for (const job of this.#port.flushes.splice(0)) job.flushed();
    this.#worker.tellExit();
  }
}
