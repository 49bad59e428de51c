import type { Subscribable } from 'rxjs';
import type { Hold, Holding } from './acquirable.js';

/**
 * What `awaitCondition` needs of a condition that is none of this process's: one of several machines, or of your own. Where a
 * lock is leased, taking it again is another hold, so `wait` says what is let go and hands out what has come of it.
 */
export interface Notifiable extends Holding {
  /**
   * Lets go what is held, waits to be notified, takes the lock again, and emits what is then in hand; false: its time was
   * up. Unsubscribing leaves it let go.
   */
  wait(held: Hold): Subscribable<Hold | false>;
}
