import type { Held } from './held.js';
import type { AcquireOptions, AcquireSyncOptions, WaitOptions, WaitSyncOptions } from './options.js';
import type { Wait } from './waiting/wait.js';

/**
 * What can be held for a while, and so what `withLock` takes: Lock, RLock, Condition, Semaphore, BoundedSemaphore, or a
 * lock of your own, which makes its Waits and Helds with `new Wait` and `new Held`.
 */
export interface Acquirable {
  /** Emits true once acquired, false when `blocking: false` or `timeout` gave up. Unsubscribing gives the place up. */
  acquire(options?: AcquireOptions): Wait<boolean>;
  /** Blocks the thread. true once acquired, false when `blocking: false` or `timeout` gave up. */
  acquireSync(options?: AcquireSyncOptions): boolean;
  /** Gives back what was acquired. */
  release(): void;
  /** Acquires and hands out the Held; giving up is RxJS's TimeoutError. Unsubscribing gives the place up. */
  hold(options?: WaitOptions): Wait<Held>;
  /** The same, blocking the thread. */
  holdSync(options?: WaitSyncOptions): Held;
}
