import './process-life.js';
import { inspect } from 'node:util';
import { threadId } from 'node:worker_threads';
import { type Observable, Subject, throwError } from 'rxjs';
import { ThreadError } from '../../errors.js';
import {
  checkOptions,
  checkTimeout,
  type WaitOptions,
  type WaitSyncOptions,
} from '../../primitives/options.js';
import {
  type Emitted,
  type PackedTarget,
  packTarget,
  type Target,
  unpackTargetSync,
} from '../../primitives/target.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { isAlive } from '../../primitives/threads/liveness.js';
import {
  DAEMON,
  DUMMY,
  MAIN_IDENT,
  nextThreadNumber,
  QUEUED,
  watchedTable,
} from '../../primitives/threads/table.js';
import {
  claimSlot,
  flagsOf,
  markStopped,
  nameOf,
  nativeIdOf,
  setName,
  setWorker,
  stateOf,
  unclaimSlot,
} from '../../primitives/threads/thread-slots.js';
import { nextTurn } from '../../primitives/waiting/event-loop.js';
import { stateStream } from '../../primitives/waiting/state-stream.js';
import type { Wait } from '../../primitives/waiting/wait.js';
import { type StartMessage, type StartPayload, WINDOW } from '../wire/messages.js';
import { reportUnhandled } from '../workers/unhandled.js';
import { CancelRequest } from './cancel-request.js';
import { isCancelled } from './cancellation.js';
import { EndWatch, joinBlocking } from './join.js';
import { forget, keepRunning } from './local-threads.js';
import { Outcome } from './outcome.js';
import { pendingWait } from './pending-wait.js';
import { answerQuestions } from './remote-answer.js';
import { remoteOutput, remoteResult, remoteTerminate } from './remote-ask.js';
import { cannotStart, Launch, packRun } from './start.js';
import {
  checkDaemon,
  checkThreadName,
  checkThreadOptions,
  defaultName,
  ExistingThread,
  type ThreadOptions,
} from './thread-options.js';
import { ThreadRun } from './thread-run.js';
import { describeThread, type ThreadState } from './thread-state.js';

/**
 * A thread of its own, in a worker, for one target. Arguments and results are structured-cloned; primitives and Threads
 * may stand anywhere in them and arrive as themselves.
 *
 * Each thread that knows of a Thread has one object for it; all of them tell and do the same. A subclass may override
 * `run`; it then declares `static readonly module = import.meta.url` and is exported there under its own name. In the
 * worker its constructor does not run again: the instance has its public fields, as far as they can be cloned.
 *
 * What the target leaves behind in its worker (a timer, threads it started) goes on; the worker takes no other thread
 * until that is done. Subscriptions to streams of state end when it takes one. When a thread is killed, so are those
 * that it started. Source: CPython, `threading.Thread`.
 *
 * @example
 * const thread = new Thread({ target: (n) => n * 2, args: [21] }).start();
 * await thread.result(); // 42
 */
export class Thread<R = unknown> {
  readonly #target: Target<readonly unknown[], R> | undefined;
  readonly #packed: PackedTarget | null;
  readonly #launch: Launch;
  readonly #outcome: Outcome<Emitted<R>> | undefined;
  #ident = 0;
  #name: string;
  #daemon: boolean;
  #run: ThreadRun | undefined;
  #ended: EndWatch | undefined;
  readonly #cancel = new CancelRequest();
  readonly #progress = new Subject<unknown>();
  #isAlive: Observable<boolean> | undefined;
  #state: Observable<ThreadState> | undefined;

  /** @throws TypeError, RangeError naming the value that is none of what it should be */
  // biome-ignore lint/suspicious/noExplicitAny: arguments of any target, as the contract says
  constructor(options?: ThreadOptions<any, R>) {
    if (options instanceof ExistingThread) {
      this.#launch = new Launch(options);
      this.#packed = options.packed;
      this.#ident = options.ident;
      this.#name = nameOf(options.ident);
      this.#daemon = (flagsOf(options.ident) & DAEMON) !== 0;
      return;
    }
    checkThreadOptions(options);
    this.#launch = new Launch(options ?? {});
    this.#target = options?.target;
    this.#packed = this.#target === undefined ? null : packTarget(this.#target);
    this.#name = options?.name || defaultName(nextThreadNumber(), this.#target);
    this.#daemon = options?.daemon ?? (flagsOf(getIdent()) & DAEMON) !== 0;
    this.#outcome = new Outcome<Emitted<R>>({
      request: (values) => this.#run?.request(values),
      unhandled: (error) => reportUnhandled(this.#ident, error),
    });
  }

  get name(): string {
    if (this.#inTable) this.#name = nameOf(this.#ident);
    return this.#name;
  }

  /** @throws TypeError, RangeError: at most 380 bytes of UTF-8 */
  set name(name: string) {
    checkThreadName(name);
    this.#name = name;
    if (this.#inTable) setName(this.#ident, name);
  }

  /** Whether the process may end while it runs. @throws ThreadError when set once started */
  get daemon(): boolean {
    return this.#daemon;
  }

  set daemon(daemon: boolean) {
    checkDaemon(daemon);
    if (this.#ident !== 0)
      throw new ThreadError(`cannot set daemon of thread '${this.name}': it has been started`);
    this.#daemon = daemon;
  }

  /** A number that no other live thread has; null before `start`. */
  get ident(): number | null {
    return this.#ident === 0 ? null : this.#ident;
  }

  /** The kernel's thread id where the platform tells it, null before the thread runs. */
  get nativeId(): number | null {
    return this.#inTable ? nativeIdOf(this.#ident) : null;
  }

  /**
   * Starts it; it runs even when the caller blocks from here on.
   *
   * @throws ThreadError the second time, or when no thread can be had; TypeError naming the argument that cannot be
   * cloned. Nothing has been started then.
   */
  start(): this {
    this.claim();
    this.begin(this.pack());
    return this;
  }

  /** Takes an ident: from here on the thread is alive. @internal */
  protected claim(): void {
    if (this.#ident !== 0)
      throw new ThreadError(`thread '${this.name}' was started before: threads can only be started once`);
    this.#ident = claimSlot(this.#name, this.#daemon ? DAEMON : 0);
    setWorker(this.#ident, threadId);
    this.#cancel.started(this.#ident);
    keepRunning(this.#ident, this as Thread);
  }

  /**
   * What its worker is to get. The ident is given back when that cannot be sent.
   *
   * @param copied - what is to be transferred is moved now, and no later change of the arguments is seen
   * @internal
   */
  protected pack(copied = false): StartPayload {
    return this.#orGiveBack(() => {
      const isOwn = this.run !== Thread.prototype.run;
      return this.#launch.pack(isOwn ? packRun(this, this.#packed) : this.#packed, copied);
    });
  }

  /** Hands it to a worker; the ident is given back when that fails. @internal */
  protected begin({ target, args, transfer }: StartPayload): void {
    this.#orGiveBack(() => {
      const ident = this.#ident;
      const credit = this.#outcome?.isUnbounded === true ? Number.MAX_SAFE_INTEGER : WINDOW;
      const start: StartMessage = { kind: 'start', ident, target, args, credit };
      const first = [...this.#cancel.messages(ident), start];
      this.#run = new ThreadRun(this.#started(ident), (listener) =>
        this.#launch.execute(this.#name, first, transfer, listener),
      );
    });
    answerQuestions();
  }

  /** A step of the start: when it fails, the thread has not been started. */
  #orGiveBack<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      const ident = this.#ident;
      this.#ident = 0;
      forget(ident);
      unclaimSlot(ident);
      throw cannotStart(this.#name, this.#launch.args, error);
    }
  }

  /** It is over, before anybody hears of it. @internal */
  protected ended(): void {
    forget(this.#ident);
    this.#progress.complete();
  }

  /** Ends without having run. @internal */
  protected skip(error?: unknown): void {
    markStopped(this.#ident);
    this.ended();
    if (error === undefined) {
      this.#outcome?.values([undefined as Emitted<R>]);
      this.#outcome?.complete();
    } else this.#outcome?.fail(error, false);
  }

  #started(ident: number): ConstructorParameters<typeof ThreadRun>[0] {
    const self = this;
    return {
      ident,
      daemon: this.#daemon,
      outcome: this.#outcome as Outcome<unknown>,
      progress: (value) => this.#progress.next(value),
      beforeOutcome: () => this.ended(),
      // Those who have joined hear of it within the turn.
      afterOutcome: () => this.#ended?.recheck(),
      get name() {
        return self.name;
      },
    };
  }

  /** What the thread does: calls the target. Calling it runs the target in the caller's thread. */
  run(): unknown {
    if (typeof this.#target === 'function') return this.#target(...this.#launch.args);
    if (this.#packed !== null) return unpackTargetSync(this.#packed)(...this.#launch.args);
    return undefined;
  }

  /**
   * Waits until the thread has ended, however it did: true; false on timeout. Values of its stream that nobody reads
   * meanwhile are kept without limit. Unsubscribing leaves the thread alone.
   *
   * @throws ThreadError, as the Observable's error: not started, or the current thread
   */
  join(options?: WaitOptions): Wait<boolean> {
    return pendingWait<boolean>(
      options,
      (settle) => {
        const misuse = this.#cannotJoin();
        if (misuse !== undefined) return void settle.reject(misuse);
        this.#outcome?.unbound();
        this.#ended ??= new EndWatch(this.#ident, () => this.#run?.drain());
        // A turn, so that what the thread printed is seen before what its joiner prints.
        return this.#ended.add(() => nextTurn(() => settle.resolve(true)));
      },
      (settle) => settle.resolve(false),
    );
  }

  /** The same, blocking the calling thread. @throws ThreadError */
  joinSync(options?: WaitSyncOptions): boolean {
    checkOptions(options);
    const timeout = checkTimeout(options?.timeout);
    const misuse = this.#cannotJoin();
    if (misuse !== undefined) throw misuse;
    this.#outcome?.unboundNow();
    const ended = joinBlocking(this.#ident, timeout);
    this.#run?.drain();
    return ended;
  }

  #cannotJoin(): ThreadError | undefined {
    if (this.#ident === 0) return new ThreadError(`cannot join thread '${this.#name}' before it is started`);
    if (this.#ident === getIdent()) return new ThreadError(`cannot join the current thread '${this.name}'`);
    if (this.#inTable && (flagsOf(this.#ident) & DUMMY) !== 0)
      return new ThreadError(`cannot join thread '${this.name}': this library did not start it`);
    return undefined;
  }

  /** Whether it has been started and has not ended: as any thread sees it at this moment. */
  isAlive(): boolean {
    return this.#ident !== 0 && this.#run?.ended !== true && isAlive(this.#ident);
  }

  /** Whether it is alive, and every change. Does not keep the process alive. */
  get isAlive$(): Observable<boolean> {
    this.#isAlive ??= stateStream(watchedTable, () => this.isAlive());
    return this.#isAlive;
  }

  /** As any thread sees it at this moment. */
  get state(): ThreadState {
    if (this.#ident === 0) return 'initial';
    if (!this.isAlive()) return 'stopped';
    return stateOf(this.#ident) === QUEUED ? 'queued' : 'running';
  }

  /** Its state, and every change; bursts coalesce. Does not keep the process alive. */
  get state$(): Observable<ThreadState> {
    this.#state ??= stateStream(watchedTable, () => this.state);
    return this.#state;
  }

  /**
   * Every value the target emits, in order; its error is the target's. What comes while nobody has subscribed is kept
   * for the first who does, and the target, unless it pushes, is not asked for more than some thousands ahead. Several
   * subscribers each get every value from when they subscribed; after the end, the last value again.
   * Unsubscribing leaves the thread running. Does not keep the process alive.
   */
  get output$(): Observable<Emitted<R>> {
    return this.#outcome?.output$ ?? (remoteOutput(this.#ident) as Observable<Emitted<R>>);
  }

  /**
   * What the thread reports with `reportProgress`, from the subscription on: every value, in order, before the thread's
   * result; completes when the thread has ended. Told in the thread that started it, elsewhere it is a ThreadError.
   * Unsubscribing leaves the thread alone. Does not keep the process alive.
   */
  get progress$(): Observable<unknown> {
    if (this.#outcome !== undefined) return this.#progress.asObservable();
    return throwError(
      () => new ThreadError(`the progress of thread '${this.name}' is told where it was started, not here`),
    );
  }

  /**
   * The returned (or last) value, replayed to whoever asks later; undefined when a stream was empty. A timeout is
   * RxJS's TimeoutError. Values of a stream that nobody reads meanwhile are kept without limit.
   * Unsubscribing leaves the thread running.
   *
   * Elsewhere the thread that started it is asked, which has to turn its event loop, and which keeps what it gave as long
   * as another has a Thread for it. Once that one's worker is no more, it is a ThreadError.
   */
  result(options?: WaitOptions): Wait<Emitted<R>> {
    return this.#outcome?.result(options) ?? (remoteResult(this.#ident, options) as Wait<Emitted<R>>);
  }

  /** Where it was started: what it gives. @internal */
  get outcome(): Outcome<unknown> | undefined {
    return this.#outcome as Outcome<unknown> | undefined;
  }

  /** Inside the thread: aborted by `cancel()`, with its reason. */
  get signal(): AbortSignal {
    return this.#cancel.signal(this.#ident);
  }

  /** Inside the thread: the same, for loops that never yield. */
  get cancelled(): boolean {
    return this.#ident === 0 ? this.#cancel.asked : this.#inTable && isCancelled(this.#ident);
  }

  /**
   * Asks the thread to stop: aborts its `signal`, wakes its blocked wait (or its next one) with the reason, ends its
   * stream. A thread that has not begun never does. Python has no such thing.
   *
   * @param reason - default: a ThreadError; from a thread that did not start it, it may come too late and be the default
   */
  cancel(
    reason: unknown = new ThreadError(`thread '${this.name}' was cancelled`, {
      code: 'ERR_THREAD_CANCELLED',
    }),
  ): void {
    if (this.#ident !== 0 && !this.isAlive()) return;
    this.#cancel.ask(this.#ident, reason, this.#run);
  }

  /**
   * Kills the worker at once, and with it the threads that this one started; resolves when it is gone. No `finally`
   * runs; Locks it held are told to their next acquirer as OwnerDiedError.
   *
   * @throws ThreadError: not started, or not a thread that can be killed
   */
  async terminate(): Promise<void> {
    if (this.#ident === 0)
      throw new ThreadError(`cannot terminate thread '${this.#name}' before it is started`);
    if (this.#ident === MAIN_IDENT) throw new ThreadError('cannot terminate the main thread');
    if (!this.isAlive()) return;
    if (this.#run !== undefined) await this.#run.kill();
    else if (this.#outcome !== undefined) {
      this.cancel();
      await this.join();
    } else await remoteTerminate(this.#ident);
  }

  /** Drops a thread that has not begun; false: it has. @internal */
  withdraw(grace: number): boolean {
    return this.#run?.withdraw(grace) === true;
  }

  /** As Python shows it: `<Thread(Thread-1, started 4097)>`. */
  toString(): string {
    return describeThread(this.constructor.name, this.name, this.state, this.daemon, this.#ident);
  }

  /** Whether the table still tells of it. */
  get #inTable(): boolean {
    return this.#ident !== 0 && stateOf(this.#ident) !== 0;
  }
}

// As the console shows it.
Object.defineProperty(Thread.prototype, inspect.custom, {
  value(this: Thread): string {
    return this.toString();
  },
});
