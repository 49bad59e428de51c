import type { Subscribable } from 'rxjs';
import type { Held } from './held.js';
import type { AcquireOptions, AcquireSyncOptions, WaitOptions, WaitSyncOptions } from './options.js';
import type { Wait } from './waiting/wait.js';

/** A lock or permit in hand, to be released once, wherever it is from. */
export interface Hold {
  /** Gives it back. */
  release(): unknown;
  /**
   * Of what can be lost while it is held, such as a lease: calls `told`, once, when it is, with the error that what runs
   * under it is to end with. Returns how to call that off.
   */
  onLost?(told: (error: unknown) => void): () => void;
}

/**
 * What `withLock` needs of a lock: one of this library, here or on several machines, or of your own.
 *
 * @example
 * const door: Holding = {
 *   shared: false,
 *   hold: () => of({ release: () => console.log('closed') }),
 * };
 * of('a guest')
 *   .pipe(withLock(door))
 *   .subscribe((guest) => console.log(guest)); // prints a guest, then closed
 */
export interface Holding {
  /** Emits what is then in hand, once. Unsubscribing before gives the place up. */
  hold(): Subscribable<Hold>;
  /** Whether several of its holds may be in hand at once. Default true: then `withLock` asks for each value as it comes. */
  readonly shared?: boolean | undefined;
  /** Whether a section may take it again inside itself: then each section is an owner of its own. Default false. @internal */
  readonly reentrant?: boolean | undefined;
}

/**
 * What can be held for a while, and so what `withLock` takes: Lock, RLock, Condition, Semaphore, BoundedSemaphore, or a
 * lock of your own, which makes its Waits and Helds with `new Wait` and `new Held`.
 */
export interface Acquirable extends Holding {
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
