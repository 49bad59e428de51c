import type { Held } from './held.js';
import type { AcquireOptions, AcquireSyncOptions, WaitOptions, WaitSyncOptions } from './options.js';
import type { Wait } from './waiting/wait.js';

/** What can be held for a while: Lock, RLock, Condition, Semaphore, BoundedSemaphore. */
export interface Acquirable {
  /** true when acquired, false when `blocking: false` or `timeout` gave up. */
  acquire(options?: AcquireOptions): Wait<boolean>;
  acquireSync(options?: AcquireSyncOptions): boolean;
  release(): void;
  /** Acquires and hands out the Held; giving up is RxJS's TimeoutError. */
  hold(options?: WaitOptions): Wait<Held>;
  holdSync(options?: WaitSyncOptions): Held;
}
