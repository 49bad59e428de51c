import './process-life.js';
import { inspect } from 'node:util';
import { Observable } from 'rxjs';
import { ThreadError } from '../../errors.js';
import type { WaitOptions, WaitSyncOptions } from '../../primitives/options.js';
import { type Emitted, type PackedTarget, type Target, unpackTargetSync } from '../../primitives/target.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { nextThreadNumber, watchedTable } from '../../primitives/threads/table.js';
import { uncloneable } from '../../primitives/uncloneable.js';
import { stateStream } from '../../primitives/waiting/state-stream.js';
import type { Wait } from '../../primitives/waiting/wait.js';
import type { StartPayload } from '../wire/messages.js';
import type { Outputs, ThreadOutput } from '../workers/elastic-pool.js';
import { jobTarget } from '../workers/job-target.js';
import { ExistingThread } from './existing-thread.js';
import type { Outcome } from './outcome.js';
import { packRun } from './start.js';
import { StartedElsewhere } from './started-elsewhere.js';
import { StartedHere, startedBefore } from './started-here.js';
import {
  checkDaemon,
  checkThreadName,
  checkThreadOptions,
  defaultName,
  GRACE,
  type NeedsArgs,
  type ThreadOptions,
} from './thread-options.js';
import { isDaemon, type ThreadState } from './thread-side.js';

const ADVICE = uncloneable(
  'a Thread travels in the arguments and results of threads and jobs: a Thread posted by itself',
);
let sideOf: (thread: Thread) => StartedHere<unknown> | StartedElsewhere<unknown>;

/** The steps of the start of a thread: Timer takes them later than Thread. @throws ThreadError where it was started elsewhere */
export function startingOf(thread: Thread): StartedHere<unknown> {
  const side = sideOf(thread);
  if (side instanceof StartedHere) return side;
  throw startedBefore(side.name);
}

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
 * that it started. R is what the target returns, A are its arguments. Source: CPython, `threading.Thread`.
 *
 * @throws TypeError, RangeError naming the option that is not what it should be
 * @example
 * const thread = new Thread({ target: (n) => n * 2, args: [21] }).start();
 * console.log(await thread.result()); // prints 42
 */
// biome-ignore lint/suspicious/noExplicitAny: a Thread whose options do not tell its arguments takes any
export class Thread<R = unknown, A extends readonly unknown[] = any> {
  /** See uncloneable.ts. @internal */
  readonly uncloneable: symbol = ADVICE;
  readonly #target: Target<readonly unknown[], R> | undefined;
  readonly #packed: PackedTarget | null;
  readonly #args: readonly unknown[];
  readonly #side: StartedHere<R> | StartedElsewhere<R>;
  #output: Observable<Emitted<R>> | undefined;
  #isAlive: Observable<boolean> | undefined;
  #state: Observable<ThreadState> | undefined;

  static {
    sideOf = (thread) => thread.#side;
  }

  constructor(options?: ThreadOptions<A, R> & NeedsArgs<A>);
  constructor(options: ThreadOptions<readonly unknown[], R> = {}) {
    if (options instanceof ExistingThread) {
      this.#packed = options.packed;
      this.#args = options.args;
      this.#side = options.side ?? new StartedElsewhere(options.ident);
      return;
    }
    checkThreadOptions(options);
    this.#target = options.target;
    this.#packed = this.#target === undefined ? null : jobTarget(this.#target).packed;
    this.#args = options.args ?? [];
    const name = options.name || defaultName(nextThreadNumber(), this.#target);
    const daemon = options.daemon ?? isDaemon(getIdent());
    this.#side = new StartedHere(this as Thread, name, daemon, options, () => this.#toRun());
  }

  /** As it was given, or `Thread-N`; may be changed at any time. */
  get name(): string {
    return this.#side.name;
  }

  /**
   * By another thread than its own, just as it ends: may name the next thread of its slot of the table.
   *
   * @throws TypeError, RangeError: at most 380 bytes of UTF-8
   */
  set name(name: string) {
    checkThreadName(name);
    this.#side.name = name;
  }

  /** Whether the process may end while it runs. */
  get daemon(): boolean {
    return this.#side.daemon;
  }

  /** @throws TypeError when no boolean; ThreadError once it is started */
  set daemon(daemon: boolean) {
    checkDaemon(daemon);
    if (this.#side.ident !== 0)
      throw new ThreadError(`cannot set daemon of thread '${this.name}': it has been started`);
    this.#side.daemon = daemon;
  }

  /** A number that no other live thread has; null before `start`. */
  get ident(): number | null {
    return this.#side.ident === 0 ? null : this.#side.ident;
  }

  /** The kernel's thread id; null where the platform does not tell it, and before the thread runs. */
  get nativeId(): number | null {
    return this.#side.nativeId;
  }

  /**
   * Starts it, and returns it; it runs even when the caller blocks from here on.
   *
   * @throws ThreadError the second time, or when no thread can be had; TypeError naming the argument that cannot be
   * cloned. Nothing has been started then.
   */
  start(): this {
    const starting = startingOf(this as Thread);
    starting.claim();
    starting.begin(starting.pack(false));
    if (this.constructor === Thread) starting.letThreadGo();
    return this;
  }

  /** What the worker is to run: the target, or the `run` of a subclass. */
  #toRun(): StartPayload['target'] {
    return this.run === Thread.prototype.run ? this.#packed : packRun(this, this.#packed);
  }

  /** What the thread does: calls the target. A subclass may override it. Calling it runs the target in the caller's thread. */
  run(): unknown {
    if (typeof this.#target === 'function') return this.#target(...this.#args);
    if (this.#packed !== null) return unpackTargetSync(this.#packed)(...this.#args);
    return undefined;
  }

  /**
   * Waits until the thread has ended, however it did: true; false when `timeout` ms have passed. Values of its stream that nobody reads
   * meanwhile are kept without limit. Unsubscribing leaves the thread alone.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: ThreadError when it is not started, or is the
   * current thread; the reason of `signal`
   */
  join(options?: WaitOptions): Wait<boolean> {
    return this.#side.join(options);
  }

  /**
   * The same, blocking the calling thread. At its end all is heard that the thread's worker has said: in a pool, subscribers of
   * other jobs of that worker may be told within this call.
   *
   * @throws TypeError, RangeError for bad options; ThreadError: as `join`; without a timeout also when the thread is queued in a
   * pool of the calling thread, or its worker there has died before it began, as the event loop would have to turn to start it
   */
  joinSync(options?: WaitSyncOptions): boolean {
    return this.#side.joinSync(options);
  }

  /** Whether it has been started and has not ended: as any thread sees it at this moment. */
  isAlive(): boolean {
    return this.#side.isAlive;
  }

  /**
   * Whether it is alive, and every change; bursts coalesce. Never completes. Unsubscribing ends only the watching. Does not
   * keep the process alive.
   */
  get isAlive$(): Observable<boolean> {
    this.#isAlive ??= stateStream(watchedTable, () => this.#side.isAlive);
    return this.#isAlive;
  }

  /** Where it is between `new` and its end, as any thread sees it at this moment. */
  get state(): ThreadState {
    return this.#side.state;
  }

  /**
   * Its state, and every change; bursts coalesce. Never completes. Unsubscribing ends only the watching. Does not keep the process alive.
   */
  get state$(): Observable<ThreadState> {
    this.#state ??= stateStream(watchedTable, () => this.#side.state);
    return this.#state;
  }

  /**
   * Every value the target emits, in order; its error is the target's. What comes while nobody has subscribed is kept
   * for the first who does, and the target, unless it pushes, is not asked for more than some thousands ahead. Several
   * subscribers each get every value from when they subscribed; after the end, the last value again.
   * Unsubscribing leaves the thread running. Does not keep the process alive.
   *
   * @throws ThreadError, as the Observable's error: not started, or its worker died
   */
  get output$(): Observable<Emitted<R>> {
    // Its closure holds the Thread, and so what was not read, for whoever has this stream.
    this.#output ??= new Observable((reader) => this.#side.output$.subscribe(reader));
    return this.#output;
  }

  /**
   * What the thread reports with `reportProgress`, from the subscription on: every value, in order, before the thread's
   * result; completes when the thread has ended. Told in the thread that started it, elsewhere it is a ThreadError.
   * Unsubscribing leaves the thread alone. Does not keep the process alive.
   */
  get progress$(): Observable<unknown> {
    return this.#side.progress$;
  }

  /**
   * The returned (or last) value, replayed to whoever asks later; undefined when a stream was empty. A timeout is
   * RxJS's TimeoutError. Values of a stream that nobody reads meanwhile are kept without limit, while somebody has the
   * Thread or its `output$`; otherwise the last one is.
   * Unsubscribing leaves the thread running.
   *
   * Elsewhere the thread that started it is asked, which has to turn its event loop, and which keeps what it gave as long
   * as another has a Thread for it. Once that one's worker is no more, it is a ThreadError.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: what the target threw, with its stack;
   * ThreadError when it is not started, its worker died, or its result cannot be cloned; RxJS's TimeoutError after `timeout`
   * ms; the reason of `signal`
   */
  result(options?: WaitOptions): Wait<Emitted<R>> {
    return this.#side.result(options);
  }

  /**
   * What the thread prints, as bytes: a Readable of node:stream, where its `stdout` option is true, from its start on, in the
   * thread that started it; else null. Does not keep the process alive.
   *
   * @example
   * const thread = new Thread({ target: () => console.log('hello'), stdout: true }).start();
   * for await (const bytes of thread.stdout ?? []) console.log(`${bytes}`.trim()); // prints hello
   */
  get stdout(): ThreadOutput | null {
    return this.#outputs?.stdout ?? null;
  }

  /** The same, of its `stderr`. */
  get stderr(): ThreadOutput | null {
    return this.#outputs?.stderr ?? null;
  }

  get #outputs(): Outputs | undefined {
    return this.#side instanceof StartedHere ? this.#side.outputs : undefined;
  }

  /** Where it was started: what it gives. @internal */
  get outcome(): Outcome<unknown> | undefined {
    return this.#side.outcome as Outcome<unknown> | undefined;
  }

  /** Inside the thread: aborted by `cancel()`, with its reason. */
  get signal(): AbortSignal {
    return this.#side.cancelRequest.signal(this.#side.ident);
  }

  /** Inside the thread: whether `cancel()` was called, also for a loop that never yields. */
  get cancelled(): boolean {
    return this.#side.isCancelled;
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
    this.#side.cancel(reason);
  }

  /**
   * Kills the worker at once, and with it the threads that this one started; resolves when it is gone. No `finally`
   * runs; Locks it held are told to their next acquirer as OwnerDiedError.
   *
   * @throws ThreadError: not started, or not a thread that can be killed
   */
  terminate(): Promise<void> {
    return this.#side.terminate();
  }

  /**
   * Leaves a block of `await using`: a thread that still lives is cancelled, and killed when it has not ended after a
   * second; resolves when it has ended. An error with which it ends from here on is nobody's.
   *
   * @example
   * const thread = new Thread({ target: () => new Promise(() => {}) });
   * {
   *   await using reading = thread.start();
   *   console.log(reading.isAlive()); // prints true
   * }
   * console.log(thread.isAlive()); // prints false
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isAlive()) return;
    // Somebody who reads the end, or the excepthook would be told of it.
    this.output$.subscribe({ error: () => {} });
    this.cancel();
    // A Timer's ends only one that waits.
    if (!this.cancelled) Thread.prototype.cancel.call(this);
    const dropped =
      this.state === 'queued' && this.#side instanceof StartedHere && this.#side.withdraw(GRACE);
    if (!dropped && !(await this.join({ timeout: GRACE }))) await this.terminate();
    await this.join();
  }

  /** As Python shows it: `<Thread(Thread-1, started 4097)>`. */
  toString(): string {
    return this.#side.describe(this.constructor.name);
  }
}

// As the console shows it.
Object.defineProperty(Thread.prototype, inspect.custom, {
  value(this: Thread): string {
    return this.toString();
  },
});
