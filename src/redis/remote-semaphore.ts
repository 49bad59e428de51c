import { type Observable, TimeoutError } from 'rxjs';
import { ThreadError } from '../errors.js';
import type { Holding } from '../primitives/acquirable.js';
import {
  type AcquireOptions,
  type AcquireSyncOptions,
  checkAcquire,
  checkOptions,
  checkSignal,
  checkTimeout,
  show,
  type WaitOptions,
  type WaitSyncOptions,
} from '../primitives/options.js';
import { type Settle, Wait } from '../primitives/waiting/wait.js';
import { waitBlocked } from './blocking.js';
import type { RemoteHeld } from './remote-held.js';
import { granted } from './remote-lock.js';
import { stateStream } from './remote-stream.js';
import { RemoteWait, type Request } from './remote-wait.js';
import type { Session } from './session.js';

/**
 * Permits for all processes of the namespace together; first come, first served. They are leased: those of a process that
 * died or was cut off come back, and nobody is told. Each is given back by its own RemoteHeld, once. Source: CPython,
 * `threading.BoundedSemaphore`.
 *
 * How many there are is said by the first that asks while nobody has or wants one; another number is a RangeError of the wait.
 *
 * @example
 * const machines = new Machines({ connection: 'memory', namespace: 'shop' });
 * const ovens = machines.semaphore('ovens', 2);
 * const held = [await ovens.hold(), await ovens.hold()];
 * console.log(await ovens.acquire({ timeout: 10 })); // prints false
 * for (const one of held) await one.release();
 * await machines.close();
 */
export class RemoteSemaphore implements Holding {
  /** Who shares it, on every machine, knows it by that name. */
  readonly name: string;
  /** Several sections at a time. */
  readonly shared = true;
  readonly #session: Session;
  readonly #key: string;
  readonly #permits: number;
  /** How many are free. Now and at every change, by any machine; coalesces. Does not keep the process alive. */
  readonly value$: Observable<number>;
  /** How many wait. Now and at every change, by any machine; coalesces. Does not keep the process alive. */
  readonly waiting$: Observable<number>;

  /** @internal */
  constructor(session: Session, name: string, permits: number) {
    this.name = name;
    this.#session = session;
    this.#key = `s:${name}`;
    this.#permits = permits;
    this.value$ = stateStream(session, this.#key, ([used]) => Math.max(0, permits - Number(used)));
    this.waiting$ = stateStream(session, this.#key, ([, waiting]) => Number(waiting));
  }

  /**
   * Emits true once a permit was acquired, false when `blocking: false` or `timeout` gave up. Unsubscribing gives the place
   * up. What was acquired is given back by `release`.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: RangeError when it has another number of
   * permits; LockLostError when this process was cut off while it waited; EngineError; the reason of `signal`
   */
  acquire(options?: AcquireOptions): Wait<boolean> {
    const timeout = checkAcquire(options);
    const signal = checkSignal(options);
    return new Wait((settle) =>
      this.#begin(
        timeout,
        signal,
        () => true,
        () => false,
        settle,
      ),
    );
  }

  /**
   * Acquires a permit and emits the RemoteHeld; RxJS's TimeoutError after `timeout` ms. Unsubscribing gives the place up; what
   * was emitted is to be released.
   *
   * @throws as `acquire`
   */
  hold(options?: WaitOptions): Wait<RemoteHeld> {
    checkOptions(options);
    const timeout = checkTimeout(options?.timeout);
    const signal = checkSignal(options);
    const late = () => {
      throw new TimeoutError();
    };
    return new Wait((settle) => this.#begin(timeout, signal, (held) => held, late, settle));
  }

  #begin<T>(
    timeout: number,
    signal: AbortSignal | undefined,
    acquired: (held: RemoteHeld) => T,
    expire: () => T,
    settle: Settle<T>,
  ): (() => void) | undefined {
    return new RemoteWait(
      this.#session,
      this.#request(timeout, acquired, expire),
      timeout,
      signal,
      settle,
    ).begin();
  }

  #request<T>(timeout: number, acquired: (held: RemoteHeld) => T, expire: () => T): Request<T> {
    return {
      operation: 'acquire',
      key: this.#key,
      args: [`${this.#permits}`, timeout === 0 ? '0' : '1'],
      answer: (reply, { number }) =>
        granted(this.#session, this.#key, number, reply, undefined, acquired, this.#permits),
      expire,
    };
  }

  /**
   * Blocks this thread, a worker: its keeper asks. true once acquired, false when `blocking: false` or `timeout` gave up.
   *
   * @throws TypeError, RangeError for bad options; ThreadError on the main thread, or with an engine in memory; as `acquire`; the
   * reason when the thread is cancelled
   */
  acquireSync(options?: AcquireSyncOptions): boolean {
    const timeout = checkAcquire(options);
    const request = this.#request(
      timeout,
      () => true,
      () => false,
    );
    return waitBlocked(this.#session, request, timeout);
  }

  /** The same, and hands out the RemoteHeld; RxJS's TimeoutError after `timeout` ms. */
  holdSync(options?: WaitSyncOptions): RemoteHeld {
    checkOptions(options);
    const timeout = checkTimeout(options?.timeout);
    const late = () => {
      throw new TimeoutError();
    };
    return waitBlocked(
      this.#session,
      this.#request(timeout, (held) => held, late),
      timeout,
    );
  }

  /**
   * Gives back a permit of this process, the oldest; resolves with the engine's answer, which need not be waited for.
   *
   * @throws ThreadError, ERR_NOT_OWNER, when this process has none
   */
  release(): Promise<void> {
    const held = this.#session.has.holdOf(this.#key);
    if (held !== undefined) return held.release();
    throw new ThreadError(`this process has no permit of semaphore ${show(this.name)}`, {
      code: 'ERR_NOT_OWNER',
    });
  }

  /** Its name. */
  toString(): string {
    return `<RemoteSemaphore object '${this.name}' of ${this.#session.namespace}>`;
  }
}
