import { checkMs } from '../../primitives/options.js';
import { after } from '../../primitives/waiting/event-loop.js';
import type { Thread } from './thread.js';

/** ms that a thread has to end once it was asked to, unless somebody says otherwise. */
export const GRACE = 1000;

/** ms; Infinity: as long as it takes. @throws TypeError, RangeError */
export function checkGrace(grace: unknown): number {
  return checkMs('grace', grace ?? GRACE);
}

/**
 * Drops a thread that has not begun; asks one that runs to stop, and kills its worker when it has not after `grace`.
 * How it ends is nobody's business any more, nor is an error that is on its way: the excepthook is not told.
 */
export function stopThread(thread: Thread<never>, grace: number): void {
  if (thread.state === 'queued') return void (thread.withdraw(grace) || thread.terminate());
  thread.cancel();
  const isPatient = grace === Number.POSITIVE_INFINITY || !thread.isAlive();
  const spare = isPatient ? () => {} : after(grace, () => void thread.terminate());
  thread.output$.subscribe({ error: spare, complete: spare });
}
