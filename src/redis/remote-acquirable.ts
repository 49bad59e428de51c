import type { Holding } from '../primitives/acquirable.js';
import {
  type AcquireOptions,
  type AcquireSyncOptions,
  checkAcquire,
  checkOptions,
  checkSignal,
  checkTimeout,
  type WaitOptions,
  type WaitSyncOptions,
} from '../primitives/options.js';
import { timedOut } from '../primitives/waiting/timed-out.js';
import { type Settle, Wait } from '../primitives/waiting/wait.js';
import type { RemoteHeld } from './remote-held.js';
import { STAYS_HERE } from './stays-here.js';

const acquired = (held: RemoteHeld): boolean => {
  held.bare = true;
  return true;
};
const gaveUp = () => false;
const inHand = (held: RemoteHeld): RemoteHeld => held;

/**
 * The four ways to take what all processes of a namespace share: RemoteLock, RemoteRLock and RemoteSemaphore. Source: CPython,
 * `threading.Lock.acquire`.
 */
export abstract class RemoteAcquirable implements Holding {
  /** See uncloneable.ts. @internal */
  readonly uncloneable: symbol = STAYS_HERE;
  /** Whether several sections may have it at once. */
  abstract readonly shared: boolean;
  /** Who shares it, on every machine, knows it by that name. */
  abstract readonly name: string;

  /** Starts a wait; returns how to leave it, or nothing when it has ended already. @internal */
  abstract begin<T>(
    timeout: number,
    signal: AbortSignal | undefined,
    acquired: (held: RemoteHeld) => T,
    expire: () => T,
    settle: Settle<T>,
  ): (() => void) | undefined;

  /** The same, and blocks this thread until it has ended. @internal */
  abstract take<T>(timeout: number, acquired: (held: RemoteHeld) => T, expire: () => T): T;

  /**
   * Emits true once acquired, false when `blocking: false` or `timeout` gave up. Unsubscribing gives the place up. What was
   * acquired is given back by `release`.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: OwnerDiedError of a lock; RangeError of a
   * semaphore with another number of permits; LockLostError when this process was cut off while it waited; EngineError; the
   * reason of `signal`
   */
  acquire(options?: AcquireOptions): Wait<boolean> {
    const timeout = checkAcquire(options);
    const signal = checkSignal(options);
    return new Wait((settle) => this.begin(timeout, signal, acquired, gaveUp, settle));
  }

  /**
   * Acquires and emits the RemoteHeld; RxJS's TimeoutError after `timeout` ms. Unsubscribing gives the place up; what was
   * emitted is to be released.
   *
   * @throws as `acquire`
   */
  hold(options?: WaitOptions): Wait<RemoteHeld> {
    checkOptions(options);
    const timeout = checkTimeout(options?.timeout);
    const signal = checkSignal(options);
    return new Wait((settle) => this.begin(timeout, signal, inHand, () => this.#late(timeout), settle));
  }

  /**
   * Blocks this thread, a worker: its keeper asks. true once acquired, false when `blocking: false` or `timeout` gave up.
   *
   * @throws TypeError, RangeError for bad options; ThreadError on the main thread, or with an engine in memory; as `acquire`; the
   * reason when the thread is cancelled
   */
  acquireSync(options?: AcquireSyncOptions): boolean {
    return this.take(checkAcquire(options), acquired, gaveUp);
  }

  /** The same, and hands out the RemoteHeld; RxJS's TimeoutError after `timeout` ms. @throws as `acquireSync` */
  holdSync(options?: WaitSyncOptions): RemoteHeld {
    checkOptions(options);
    const timeout = checkTimeout(options?.timeout);
    return this.take(timeout, inHand, () => this.#late(timeout));
  }

  #late(timeout: number): never {
    throw timedOut(`hold of ${this.name}`, timeout);
  }
}
