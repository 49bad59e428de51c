import './thread-of.js';
import { Event } from '../../primitives/event.js';
import { fromHandle, toHandle } from '../../primitives/handle.js';
import {
  checkOptions,
  checkWaitSync,
  show,
  TIMEOUT_MAX,
  type WaitSyncOptions,
} from '../../primitives/options.js';
import { checkTarget, type RunParameters, type Target } from '../../primitives/target.js';
import { markStopped } from '../../primitives/threads/thread-slots.js';
import {
  after,
  keepAlive,
  now,
  RECHECK_MS,
  recheckPeriodically,
  soon,
} from '../../primitives/waiting/event-loop.js';
import { registerCodec } from '../wire/codec.js';
import { dropArgs } from '../wire/kept-args.js';
import type { StartPayload } from '../wire/messages.js';
import { ExistingThread } from './existing-thread.js';
import { knownThread, markSent, remember } from './local-threads.js';
import { answerQuestions } from './remote-answer.js';
import type { StartedHere } from './started-here.js';
import { startingOf, Thread } from './thread.js';
import type { NeedsArgs, ThreadOptions } from './thread-options.js';

/** What a Timer takes beside its target and the target's arguments: what a Thread does. */
export type TimerOptions = Omit<ThreadOptions<readonly unknown[], unknown>, 'target' | 'args'>;

/** A Timer that has not fired: when it will, in ms of `now`, and how it does so at once. */
interface Waiting {
  readonly due: number;
  readonly fire: () => void;
}

/**
 * A thread that runs its target `interval` ms after `start()`, unless cancelled before. Waiting costs no worker, but an
 * event loop: that of the thread that started it. The timer is alive meanwhile, and keeps the process alive unless it
 * is a daemon.
 *
 * A cancelled Timer ends without a value: `result()` gives undefined. Source: CPython, `threading.Timer`.
 *
 * @param interval - ms, from 0 to TIMEOUT_MAX
 * @param target - what runs then
 * @param argsAndOptions - the target's arguments, which may be left out when it needs none; then a Thread's options
 * @throws TypeError, RangeError showing the value
 * @example
 * const timer = new Timer(50, (name) => `hello, ${name}`, ['world']).start();
 * console.log(await timer.result()); // prints hello, world
 */
// biome-ignore lint/suspicious/noExplicitAny: a Timer whose target is not known takes any arguments
export class Timer<R = unknown, A extends readonly unknown[] = any> extends Thread<R, A> {
  /** ms from `start` until it fires. */
  readonly interval: number;
  /** Set once the timer was cancelled or its target has ended. */
  readonly finished: Event;
  /** From `start` until it fires. */
  #waiting: Waiting | undefined;

  constructor(interval: number, target: Target<A, R>, ...argsAndOptions: RunParameters<A, TimerOptions>) {
    const [args = [], options] = argsAndOptions as [args?: readonly unknown[], options?: TimerOptions];
    if (typeof interval !== 'number')
      throw new TypeError(`interval must be a number of ms, got ${show(interval)}`);
    if (!(interval >= 0 && interval <= TIMEOUT_MAX)) {
      throw new RangeError(`interval must be 0 to ${TIMEOUT_MAX} ms, got ${interval}`);
    }
    checkTarget(target);
    checkOptions(options);
    super({ ...options, target, args } as ThreadOptions<A, R> & NeedsArgs<A>);
    this.interval = interval;
    this.finished = new Event({ name: `${this.name}.finished` });
  }

  /**
   * Begins to wait. The arguments are cloned, and what is to be transferred is moved, now.
   *
   * @throws as Thread's
   */
  override start(): this {
    const starting = startingOf(this as Thread);
    starting.claim();
    const payload = starting.pack(true);
    starting.onEnd(() => this.finished.set());
    const alive = this.daemon ? 0 : 1;
    if (alive === 1) keepAlive(1);
    const fire = (): void => {
      if (this.#waiting === undefined) return;
      this.#waiting = undefined;
      stopTimer();
      watched.unsubscribe();
      this.#go(starting, payload);
      if (alive === 1) keepAlive(-1);
    };
    this.#waiting = { due: now() + this.interval, fire };
    const stopTimer = after(this.interval, fire);
    const watched = this.finished.isSet$.subscribe((set) => set && soon(fire));
    recheckPeriodically({ recheck: () => this.#recheck(fire) });
    answerQuestions();
    return this;
  }

  /**
   * Looks for a cancel of which `finished.isSet$` does not tell: by a thread that knows it as a Thread alone, and can set no more
   * than its CANCEL word; or after the thread that started it, when the worker has gone on to another. false: it waits no more.
   */
  #recheck(fire: () => void): boolean {
    if (this.#waiting === undefined) return false;
    if (this.cancelled) this.finished.set();
    if (this.finished.isSet()) fire();
    return this.#waiting !== undefined;
  }

  #go(starting: StartedHere<unknown>, payload: StartPayload): void {
    if (this.finished.isSet()) {
      dropArgs(payload.args);
      starting.skip();
    } else starting.beginLate(payload);
  }

  /** Undefined in threads that did not start it: there the constructor of Timer did not run, and the Timer has no private members. */
  static #waitingOf(timer: Timer): Waiting | undefined {
    return #waiting in timer ? timer.#waiting : undefined;
  }

  /** As Thread's; while the timer waits, this call fires it. @throws as Thread's */
  override joinSync(options?: WaitSyncOptions): boolean {
    // This very call blocks the event loop that would fire the timer, so it fires it itself.
    const waiting = Timer.#waitingOf(this as Timer);
    if (waiting === undefined) return super.joinSync(options);
    const deadline = now() + checkWaitSync(options);
    const until = Math.min(waiting.due, deadline);
    // Looks again and again, because the event loop that would look for a cancel by the CANCEL word is blocked as well.
    while (this.#recheck(waiting.fire) && !this.finished.isSet() && now() < until)
      this.finished.waitSync({ timeout: Math.max(0, Math.min(until - now(), RECHECK_MS)) });
    if (this.finished.isSet() || now() >= waiting.due) waiting.fire();
    return super.joinSync({
      ...options,
      ...(deadline < Number.POSITIVE_INFINITY && { timeout: Math.max(0, deadline - now()) }),
    });
  }

  /** Stops it if it still waits; one that runs goes on. From any thread. */
  override cancel(): void {
    this.finished.set();
    // At once, because who starts and cancels one after the other would run out of idents before the event loop turns.
    if (Timer.#waitingOf(this as Timer) !== undefined) markStopped(this.ident as number);
  }

  /**
   * Leaves a block of `using`: cancels it.
   *
   * @example
   * const reminder = new Timer(60_000, () => 'remember');
   * {
   *   using waiting = reminder.start();
   * }
   * console.log(reminder.finished.isSet()); // prints true
   */
  [Symbol.dispose](): void {
    this.cancel();
  }

  /** As Thread's; one that still waits is cancelled, because it has no worker yet. */
  override async terminate(): Promise<void> {
    if (Timer.#waitingOf(this as Timer) === undefined) await super.terminate();
    // It may wait by now, where a getter of its arguments has asked.
    if (Timer.#waitingOf(this as Timer) === undefined) return;
    this.cancel();
    await this.join();
  }
}

registerCodec({
  kind: 'timer',
  is: (value) => value instanceof Timer && value.ident !== null,
  pack: (value) => {
    const { ident, interval, finished } = value as Timer;
    markSent(ident as number, value as Timer);
    return { ident, interval, finished: toHandle(finished) };
  },
  unpack: (packed) => {
    const { ident, interval, finished } = packed as { ident: number; interval: number; finished: unknown };
    const known = knownThread(ident);
    if (known instanceof Timer) return known;
    const timer = Reflect.construct(Thread, [new ExistingThread(ident)], Timer) as Timer;
    remember(ident, Object.assign(timer, { interval, finished: fromHandle(finished) }));
    return timer;
  },
});
