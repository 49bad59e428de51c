import { type Observable, Subject } from 'rxjs';
import { ThreadError } from '../../errors.js';
import type { WaitOptions } from '../../primitives/options.js';
import type { Emitted } from '../../primitives/target.js';
import { claimSlot } from '../../primitives/threads/claim-slot.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { DAEMON, OWN_WORKER } from '../../primitives/threads/table.js';
import { flagsOf, markStopped, setFlags, unclaimSlot } from '../../primitives/threads/thread-slots.js';
import { apart } from '../../primitives/waiting/unheard.js';
import type { Wait } from '../../primitives/waiting/wait.js';
import { InOrder } from '../wire/in-order.js';
import { dropArgs } from '../wire/kept-args.js';
import { type StartPayload, WINDOW } from '../wire/messages.js';
import type { Outputs } from '../workers/elastic-pool.js';
import type { Job } from '../workers/job.js';
import { jobTarget } from '../workers/job-target.js';
import { ThreadJob } from '../workers/thread-job.js';
import { reportUnhandled } from '../workers/unhandled.js';
import { missingWorkerEntry } from '../workers/worker-files.js';
import { forget, keepRunning, keepRunningSide, keepSide, type LocalThread, letGo } from './local-threads.js';
import { Outcome, type Producer } from './outcome.js';
import { answerQuestions } from './remote-answer.js';
import { cannotStart, execute, packStart } from './start.js';
import { checkOwnWorker, type ThreadOptions } from './thread-options.js';
import { type Started, ThreadRun } from './thread-run.js';
import { isDaemon, ThreadSide } from './thread-side.js';

/*
 * A thread from its start to its result.
 *
 * In the thread that starts it: `new Thread` checks and packs the target (thread-options.ts, primitives/target.ts) and
 * makes a StartedHere. `start` then takes three steps (started-here.ts). `claim` takes a slot of the table, so that the
 * thread is alive and every thread can see it (primitives/threads/claim-slot.ts). `pack` encodes the arguments
 * (start.ts, wire/codec.ts). `begin` makes a ThreadJob of them (workers/thread-job.ts), which goes to the ThreadPool of the
 * options, or else to a session of the elastic pool that is idle or new (workers/elastic-pool.ts), and a ThreadRun
 * (thread-run.ts), which the session tells what the thread's worker says.
 *
 * In the worker: in-worker/session.ts takes the job from its port, claims it (wire/job-claims.ts) and makes a Running
 * (in-worker/thread-body.ts), which marks the slot as running, calls the target, posts `values`, `progress` and at last one
 * end message, and marks the slot as stopped.
 *
 * Back: the session (workers/session.ts) hears the end message, or the exit of its worker, whichever comes first, and frees
 * the worker for others. Then ThreadRun marks the slot as ended, ends what keeps the Thread object alive
 * (`beforeOutcome`), gives the result or error to the Outcome (outcome.ts), which tells `result()` and `output$`, and wakes
 * those who `join` (`afterOutcome`; join.ts).
 *
 * In any other thread a Thread object (thread-of.ts) is a StartedElsewhere: the table tells it whether the thread lives
 * and wakes its joins; for results, values, kills and reasons of a cancel it asks the thread that started it
 * (remote-ask.ts, remote-answer.ts).
 */

/**
 * A Thread where it is started: the steps of its start, the run in a worker, and what it gives.
 *
 * `claim`, `pack`, `begin` in this order start it; a Timer begins later than it packs, or skips the run. A step that
 * fails leaves the thread as it was before `claim`.
 */
export class StartedHere<R> extends ThreadSide implements Started, Producer {
  readonly outcome: Outcome<Emitted<R>>;
  /** Undefined once it is let go. */
  #thread: LocalThread | undefined;
  /** Empty once the thread has ended, because its side may be kept for a minute, which its arguments are not to be. */
  #options: ThreadOptions<readonly unknown[], R>;
  #toRun: (() => StartPayload['target']) | undefined;
  /** Made when somebody asks for it; who is told of a value may block until the thread has ended. */
  #progress: { readonly told: Subject<unknown>; readonly inOrder: InOrder } | undefined;
  #ending: (() => void) | undefined;
  #isOver = false;
  #run: ThreadRun | undefined;
  /** What its worker prints, where that is read. */
  outputs: Outputs | undefined;

  /** @param toRun - what the worker is to run, asked for as the thread starts. @throws why it cannot be sent */
  constructor(
    thread: LocalThread | undefined,
    name: string,
    daemon: boolean,
    options: ThreadOptions<readonly unknown[], R>,
    toRun: () => StartPayload['target'],
  ) {
    super(0, name, daemon);
    this.#thread = thread;
    this.#options = options;
    this.#toRun = toRun;
    this.outcome = new Outcome<Emitted<R>>(this);
  }

  // ─── the start ────────────────────────────────────────────────────────────────────────────────

  /** Takes an ident for the thread: from here on it is alive. */
  claim(): void {
    if (this.ident !== 0) throw startedBefore(this.name);
    this.ident = claimSlot(this.name, this.daemon ? DAEMON : 0, 0, undefined, getIdent());
    this.cancelRequest.started(this.ident);
    if (this.#thread !== undefined) keepRunning(this.ident, this.#thread);
  }

  /**
   * What the thread's worker is to get.
   *
   * @param copied - what is to be transferred moves now, and no later change of the arguments is seen
   */
  pack(copied: boolean): StartPayload {
    return this.#orGiveBack(() => packStart(this.#options, this.#toRun?.() ?? null, copied));
  }

  /** Hands it to a worker. Without the file that a worker loads, the thread ends with an error that says so. */
  begin(payload: StartPayload): void {
    const missing = missingWorkerEntry();
    if (missing !== undefined) this.skip(missing);
    else this.#orGiveBack(() => this.#handOver(payload));
  }

  /** The same for a Timer, which others know by now: it keeps its ident, and ends with the error of what fails. */
  beginLate(payload: StartPayload): void {
    try {
      this.#handOver(payload);
    } catch (error) {
      dropArgs(payload.args);
      this.skip(cannotStart(this.name, this.#options.args ?? [], error));
    }
  }

  #handOver(payload: StartPayload): void {
    const { ident, daemon } = this;
    const credit = this.outcome.isUnbounded ? Number.MAX_SAFE_INTEGER : WINDOW;
    const label = this.#options.target === undefined ? '' : jobTarget(this.#options.target).label;
    const cancel = this.cancelRequest.message(ident);
    if (this.#options.pool === undefined) setFlags(ident, flagsOf(ident) | OWN_WORKER);
    const job = new ThreadJob(payload, { ident, label, daemon, credit, cancel });
    this.outputs = execute(this.#options.pool, job, checkOwnWorker(this.#options));
    this.#run = new ThreadRun(this as Started, job);
    job.listener = this.#run;
    answerQuestions();
  }

  /**
   * From here on the Thread object may be collected while the thread runs, as it is no more than this side of it. Then
   * nobody can read the values of the stream that were not read.
   */
  letThreadGo(): void {
    this.#thread = undefined;
    this.#toRun = undefined;
    keepSide(this.ident, this);
  }

  /**
   * The side of a job of a ThreadPool for which somebody wants a Thread: it runs, or has just ended.
   *
   * @returns who is to hear what the job's worker says from now on
   */
  static ofJob(ident: number, name: string, job: Job): readonly [side: StartedHere<unknown>, run: ThreadRun] {
    const side = new StartedHere<unknown>(undefined, name, isDaemon(ident), {}, () => null);
    side.ident = ident;
    side.#run = new ThreadRun(side, job);
    keepRunningSide(ident, side);
    return [side, side.#run];
  }

  /** The thread ends without having run: with undefined as its result, or with an error. */
  skip(error?: unknown): void {
    markStopped(this.ident);
    this.beforeOutcome();
    if (error === undefined) {
      this.outcome.values([undefined as Emitted<R>]);
      this.outcome.complete();
    } else this.outcome.fail(error, false);
    this.afterOutcome();
  }

  /** A step of the start: when it throws, the ident is given back. */
  #orGiveBack<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      const { ident } = this;
      this.ident = 0;
      forget(ident);
      letGo(ident, false);
      unclaimSlot(ident);
      throw cannotStart(this.name, this.#options.args ?? [], error);
    }
  }

  // ─── its life, as ThreadRun tells it ──────────────────────────────────────────────────────────

  /** `ending` runs once the thread is over, before anybody hears of that. Called once at most. */
  onEnd(ending: () => void): void {
    this.#ending = ending;
  }

  progress(value: unknown): void {
    const progress = this.#progress;
    progress?.inOrder.take(() => progress.told.next(value));
  }

  beforeOutcome(): void {
    this.#isOver = true;
    this.#options = {};
    this.#ending?.();
    forget(this.ident);
    const progress = this.#progress;
    if (progress !== undefined) apart(() => progress.inOrder.take(() => progress.told.complete()));
  }

  afterOutcome(): void {
    letGo(this.ident, this.outcome.failed);
    this.recheckEnd();
  }

  // ─── as its Outcome asks ──────────────────────────────────────────────────────────────────────

  get notStarted(): ThreadError | undefined {
    return this.cannotWait('wait for the result of');
  }

  request(values: number): void {
    this.#run?.request(values);
  }

  unhandled(error: unknown): void {
    reportUnhandled(this.ident, error);
  }

  // ─── what its Thread tells and does ───────────────────────────────────────────────────────────

  override get isAlive(): boolean {
    return this.#run?.isOver !== true && super.isAlive;
  }

  get output$(): Observable<Emitted<R>> {
    return this.outcome.output$;
  }

  get progress$(): Observable<unknown> {
    this.#progress ??= { told: new Subject(), inOrder: new InOrder() };
    const { told, inOrder } = this.#progress;
    if (this.#isOver) inOrder.take(() => told.complete());
    return told.asObservable();
  }

  result(options: WaitOptions | undefined): Wait<Emitted<R>> {
    return this.outcome.result(options);
  }

  cancel(reason: unknown): void {
    if (this.ident === 0 || this.isAlive) this.cancelRequest.ask(this.ident, reason, this.#run);
  }

  async terminate(): Promise<void> {
    if (this.ident === 0)
      throw new ThreadError(`cannot terminate thread '${this.name}' before it is started`);
    // A getter of its arguments may ask, before it is handed over.
    if (this.#run === undefined) await null;
    if (this.isAlive) await this.#run?.kill();
  }

  /** Drops a thread that has not begun; false: it has, or its worker has to be killed for that. */
  withdraw(grace: number): boolean {
    return this.#run?.withdraw(grace) === true;
  }

  protected override cannotBlock(): ThreadError | undefined {
    if (this.#run?.needsLoop() !== true) return undefined;
    return new ThreadError(
      `joinSync of thread '${this.name}' cannot end: it is queued in a pool of this thread, whose event loop would have to ` +
        'turn to start it. Use join(), or a timeout',
    );
  }

  protected awaitEnd(blocking: boolean): void {
    if (blocking) this.outcome.unboundNow();
    else this.outcome.unbound();
  }

  protected drain(): void {
    this.#run?.drain();
  }
}

/** The error of a second `start`. */
export function startedBefore(name: string): ThreadError {
  return new ThreadError(`thread '${name}' was started before: threads can only be started once`);
}
