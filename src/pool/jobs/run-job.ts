import type { TransferListItem } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import type { Emitted } from '../../primitives/target.js';
import { markCancelled } from '../../primitives/threads/cancel-flag.js';
import { nextThreadNumber, SENT_ITSELF } from '../../primitives/threads/table.js';
import { flagsOf, hasHandles, markStopped } from '../../primitives/threads/thread-slots.js';
import { CallerContext } from '../../primitives/waiting/caller-context.js';
import { after, nextTurn } from '../../primitives/waiting/event-loop.js';
import { onAbort } from '../../primitives/waiting/on-abort.js';
import type { Settle } from '../../primitives/waiting/wait.js';
import { cancelMessage } from '../thread/cancel-request.js';
import { limitRun, ranTooLong, waitedTooLong } from '../thread/run-limit.js';
import { cannotStart } from '../thread/start.js';
import { StartedHere } from '../thread/started-here.js';
import { cannotRead, explainExit, type ThreadRun } from '../thread/thread-run.js';
import type { ThreadState } from '../thread/thread-side.js';
import { decodeTo, type Encoded, unpackError } from '../wire/codec.js';
import { dropArgs } from '../wire/kept-args.js';
import {
  COMPLETED,
  type Envelope,
  type ProgressMessage,
  RETURNED,
  RETURNED_ENCODED,
  type ValuesMessage,
} from '../wire/messages.js';
import { threadName } from '../wire/thread-name.js';
import { Job, type JobEnd, type WorkerExit } from '../workers/job.js';
import type { JobTarget } from '../workers/job-target.js';
import { lateAfter } from '../workers/late-after.js';
import type { Dispatcher } from './dispatcher.js';
import { copyParcel, isParcel, type Parcel, packArguments } from './job-arguments.js';
import type { CheckedRunOptions, RunRequest } from './run-options.js';

const NOTHING: readonly never[] = [];
/** A job with a shorter `waitTimeout` might fail behind one that takes long, while later ones begin elsewhere: see patience.ts. */
const HURRY_MS = 50;

/** What few jobs ever have. */
class Extras {
  /** The last value that it has streamed, and how many have come. */
  last: unknown = undefined;
  came = 0;
  /** Why it has failed: something that it sent cannot be read. */
  unread: ThreadError | undefined = undefined;
  /** Stop the listening to `signal`, and the timers of `timeout` and of `waitTimeout`. */
  forget: (() => void) | undefined = undefined;
  stopLimit: (() => void) | undefined = undefined;
  stopWaiting: (() => void) | undefined = undefined;
  /** The error of `waitTimeout`, while it is withdrawn for that. */
  tooLate: unknown = undefined;
  /** Stops the timer of `grace`, which would kill its worker. */
  spare: (() => void) | undefined = undefined;
  /** Once somebody has asked for its Thread, what that is here, and hears what the worker says. */
  side: StartedHere<unknown> | undefined = undefined;
  run: ThreadRun | undefined = undefined;
}

/**
 * A job of `run`, from its subscription on; it is what RxJS unsubscribes. It is no Thread: its worker takes an ident for it as
 * it begins, and a Thread is made when somebody asks for one, as `enumerate` does.
 *
 * Any number may wait, so it is kept small: a word here is 8 MB when a million wait.
 */
export class RunJob<R> extends Job {
  readonly home: Dispatcher;
  readonly target: JobTarget;
  readonly label: string | number;
  /** An array: as it was given, and once it is accepted a copy of plain values. None once it is over. */
  #args: readonly unknown[] | Parcel;
  readonly #options: CheckedRunOptions;
  /** Tells its subscriber how it ended; undefined: that one was told, or has left. */
  #settle: Settle<Emitted<R>> | undefined;
  /** The async context of its subscriber, whose callbacks run in that, whichever message ends the job. */
  readonly #context = new CallerContext();
  #extras: Extras | undefined;

  constructor(
    home: Dispatcher,
    target: JobTarget,
    { args, options }: RunRequest<R>,
    settle: Settle<Emitted<R>>,
  ) {
    super();
    this.home = home;
    this.target = target;
    this.label = options.name || nextThreadNumber();
    this.priority = options.priority;
    this.#args = args;
    this.#options = options;
    this.#settle = settle;
  }

  get ident(): number {
    return 0;
  }

  get holds(): boolean {
    return true;
  }

  get args(): readonly unknown[] | Envelope {
    return isParcel(this.#args) ? this.#args.envelope : this.#args;
  }

  get transfer(): readonly TransferListItem[] {
    return isParcel(this.#args) ? this.#args.transfer : NOTHING;
  }

  override get hurries(): boolean {
    return this.#options.waitTimeout < HURRY_MS;
  }

  get #more(): Extras {
    this.#extras ??= new Extras();
    return this.#extras;
  }

  get name(): string {
    const { label } = this;
    return typeof label === 'string' ? label : threadName(label, this.target.label);
  }

  /**
   * @param submit - hands it to its pool
   * @throws ThreadError when the pool takes no more; TypeError naming the argument that cannot be cloned
   */
  submit(submit: () => void = () => this.home.submit(this)): void {
    const args = this.#args as readonly unknown[];
    try {
      this.#args = packArguments(args, this.#options, this.home.contexts);
      submit();
    } catch (cause) {
      throw cannotStart(this.name, args, cause);
    }
    // It may have failed by now: then nothing ends what would begin here.
    if (this.#settle === undefined) return;
    const { signal, waitTimeout } = this.#options;
    if (signal !== undefined) this.#more.forget = onAbort(signal, () => this.#aborted());
    if (waitTimeout !== Number.POSITIVE_INFINITY)
      this.#more.stopWaiting = after(waitTimeout, () => nextTurn(() => this.#waited(waitTimeout)));
  }

  copy(): void {
    if (isParcel(this.#args)) this.#args = copyParcel(this.#args);
  }

  drop(): void {
    if (isParcel(this.#args)) dropArgs(this.#args.envelope.args);
  }

  // ─── as the session tells ─────────────────────────────────────────────────────────────────────

  override sent(): void {
    const { timeout } = this.#options;
    if (timeout === Number.POSITIVE_INFINITY || this.#settle === undefined) return;
    const extras = this.#more;
    extras.stopLimit?.();
    extras.stopLimit = limitRun(this, timeout, () => this.#expired(timeout));
  }

  get state(): ThreadState {
    return this.over ? 'stopped' : this.begun ? 'running' : 'queued';
  }

  isAlive(): boolean {
    return !this.over;
  }

  heard(message: ValuesMessage | ProgressMessage): void {
    if (this.#extras?.run !== undefined) this.#extras.run.heard(message);
    else if (message.kind === 'progress') this.#read(message.value, (value) => this.#progress(value));
    else
      this.#read(message.values, (values) => {
        this.#more.came += (values as unknown[]).length;
        this.#more.last = (values as unknown[]).at(-1);
      });
  }

  #progress(value: unknown): void {
    const { onProgress } = this.#options;
    if (onProgress === undefined || this.#settle === undefined) return;
    this.#context.tell(() => onProgress(value));
  }

  #read(encoded: Encoded, read: (value: unknown) => void): void {
    decodeTo(encoded, read, ({ message }) => {
      this.unread(message);
      void this.kill();
    });
  }

  unread(why: string): void {
    const extras = this.#more;
    if (extras.run !== undefined) extras.run.unread(why);
    else extras.unread ??= cannotRead(this.name, extras.came, why);
  }

  ended(end: JobEnd): void {
    this.#args = NOTHING;
    this.#extras?.spare?.();
    const run = this.#runFor(end.ident);
    if (run !== undefined) run.ended(end);
    else this.#tell(end);
  }

  /** Who in another thread has its Thread, by `enumerate` or as the job has sent its own, asks that for what the job gave. */
  #runFor(ident: number): ThreadRun | undefined {
    const isKnown = (flagsOf(ident) & SENT_ITSELF) !== 0 || hasHandles(ident);
    if (this.#extras?.run === undefined && isKnown) this.asThread(ident);
    return this.#extras?.run;
  }

  #tell({ ident, how, value }: JobEnd): void {
    markStopped(ident);
    if (how === RETURNED_ENCODED)
      this.#read(value as Encoded, (result) => {
        this.#more.last = result;
      });
    const unread = this.#extras?.unread;
    if (how > COMPLETED) this.#reject(unpackError(value as Encoded));
    else if (unread !== undefined) this.#reject(unread);
    else this.#resolve((how === RETURNED ? value : this.#extras?.last) as Emitted<R>);
  }

  died(exit: WorkerExit): void {
    this.#args = NOTHING;
    const { spare, tooLate, unread } = this.#extras ?? {};
    spare?.();
    const run = this.#runFor(exit.ident ?? 0);
    if (run !== undefined) run.died(exit);
    else this.#reject(tooLate ?? unread ?? explainExit(this.name, exit));
  }

  flushed(): void {
    this.#extras?.run?.flushed();
  }

  /** Makes its Thread, which from now on hears what the worker says, and tells the job's user in turn. */
  asThread(ident: number): StartedHere<unknown> {
    const [side, run] = StartedHere.ofJob(ident, this.name, this);
    const { came, last, unread } = this.#more;
    this.#more.side = side;
    this.#more.run = run;
    side.seeCancel();
    if (unread !== undefined) run.fail(unread);
    // Nobody can have the values that have come before, nor has to read those to come.
    side.outcome.keepLast();
    if (came > 0) side.outcome.values([last]);
    side.progress$.subscribe((value) => this.#progress(value));
    side.result(undefined).subscribe({
      next: (value) => this.#resolve(value as Emitted<R>),
      error: (error) => this.#reject(error),
    });
    return side;
  }

  // ─── as its user does ─────────────────────────────────────────────────────────────────────────

  /** Called by RxJS as its subscriber leaves. */
  unsubscribe(): void {
    this.leave();
  }

  /** Nobody wants it any more: out of the line, or asked to stop. @param reason - of the cancel of one that runs */
  leave(reason?: unknown): void {
    if (this.#finish() === undefined || this.over || this.withdraw(this.#options.grace)) return;
    const { session } = this;
    if (session === undefined) return;
    this.home.told(this);
    const ident = session.identOf(this);
    const code = 'ERR_THREAD_CANCELLED';
    const error = reason ?? new ThreadError(`thread '${this.name}' was cancelled`, { code });
    this.post(cancelMessage(ident, error));
    markCancelled(ident);
    // Its slot is the next job's once it is over.
    this.#extras?.side?.seeCancel();
    const { grace } = this.#options;
    if (grace !== Number.POSITIVE_INFINITY) this.#more.spare = lateAfter(grace, () => void this.kill());
  }

  /** Its worker may begin with it at this very moment: then it is in time. */
  #waited(ms: number): void {
    if (this.#settle === undefined || this.over || this.begun) return;
    this.#more.tooLate = waitedTooLong(this.name, ms);
    if (!this.withdraw(this.#options.grace)) this.#more.tooLate = undefined;
  }

  #expired(timeout: number): void {
    const error = ranTooLong(this.name, timeout);
    this.#leaveWith(error, error);
  }

  #aborted(): void {
    this.#leaveWith(this.#options.signal?.reason, undefined);
  }

  #leaveWith(error: unknown, reason: unknown): void {
    const settle = this.#settle;
    if (settle === undefined) return;
    this.leave(reason);
    this.#context.tell(() => settle.reject(error));
  }

  #resolve(value: Emitted<R>): void {
    const settle = this.#finish();
    if (settle !== undefined) this.#context.tell(() => settle.resolve(value));
  }

  #reject(error: unknown): void {
    const settle = this.#finish();
    if (settle !== undefined) this.#context.tell(() => settle.reject(error));
  }

  /** Its subscriber, who is told nothing more after this; undefined: that one was told, or has left. */
  #finish(): Settle<Emitted<R>> | undefined {
    const settle = this.#settle;
    this.#settle = undefined;
    this.#extras?.forget?.();
    this.#extras?.stopLimit?.();
    this.#extras?.stopWaiting?.();
    return settle;
  }
}
