import type { Observable } from 'rxjs';
import { ThreadError } from '../errors.js';
import { show } from '../primitives/options.js';
import type { Settle } from '../primitives/waiting/wait.js';
import { waitBlocked } from './blocking.js';
import { RemoteAcquirable } from './remote-acquirable.js';
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
export class RemoteSemaphore extends RemoteAcquirable {
  /** Who shares it, on every machine, knows it by that name. */
  readonly name: string;
  /** Several sections at a time. */
  override readonly shared = true;
  readonly #session: Session;
  readonly #key: string;
  readonly #permits: number;
  /** How many are free. Now and at every change, by any machine; coalesces. Does not keep the process alive. */
  readonly value$: Observable<number>;
  /** How many wait. Now and at every change, by any machine; coalesces. Does not keep the process alive. */
  readonly waiting$: Observable<number>;

  /** @internal */
  constructor(session: Session, name: string, permits: number) {
    super();
    this.name = name;
    this.#session = session;
    this.#key = `s:${name}`;
    this.#permits = permits;
    this.value$ = stateStream(session, this.#key, ([used]) => Math.max(0, permits - Number(used)));
    this.waiting$ = stateStream(session, this.#key, ([, waiting]) => Number(waiting));
  }

  /** @internal */
  override begin<T>(
    timeout: number,
    signal: AbortSignal | undefined,
    acquired: (held: RemoteHeld) => T,
    expire: () => T,
    settle: Settle<T>,
  ): (() => void) | undefined {
    const request = this.#request(timeout, acquired, expire);
    return new RemoteWait(this.#session, request, timeout, signal, settle).begin();
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

  /** @internal */
  override take<T>(timeout: number, acquired: (held: RemoteHeld) => T, expire: () => T): T {
    return waitBlocked(this.#session, this.#request(timeout, acquired, expire), timeout);
  }

  /**
   * Gives back a permit of this process, the oldest that `acquire` has taken, before those that somebody holds; resolves with
   * the engine's answer, which need not be waited for.
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
  override toString(): string {
    return `<RemoteSemaphore object '${this.name}' of ${this.#session.namespace}>`;
  }
}
