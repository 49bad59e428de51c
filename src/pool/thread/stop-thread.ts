import { checkMs } from '../../primitives/options.js';
import { after } from '../../primitives/waiting/event-loop.js';
import { startingOf, type Thread } from './thread.js';
import { GRACE } from './thread-options.js';

/** A `grace` of the user's, in ms; Infinity: as long as it takes. @throws TypeError, RangeError */
export function checkGrace(grace: unknown): number {
  return checkMs('grace', grace, GRACE);
}

/**
 * Drops a thread that has not begun; asks one that runs to stop, and kills its worker when it has not after `grace` ms.
 * For operators and pools whose subscriber has left: the result is ignored from here on. Subscribing to `output$` also
 * marks an error on its way as handled, so that the excepthook stays silent.
 *
 * @param reason - of the cancel
 */
export function stopThread(thread: Thread<never>, grace: number, reason?: unknown): void {
  if (thread.state === 'queued') return void (startingOf(thread).withdraw(grace) || thread.terminate());
  thread.cancel(reason);
  killAfter(thread, grace);
}

/** ms that a thread has at least that ends by itself. */
const ENDS_BY_ITSELF_MS = 1000;

/**
 * For a thread that has nothing to do any more and ends by itself: its worker is killed when it has not, because what ran
 * in it has left something behind that blocks it.
 */
export function expectEnd(thread: Thread<never>, grace: number): void {
  killAfter(thread, Math.max(grace, ENDS_BY_ITSELF_MS));
}

function killAfter(thread: Thread<never>, grace: number): void {
  const neverKilled = grace === Number.POSITIVE_INFINITY || !thread.isAlive();
  const spare = neverKilled ? () => {} : after(grace, () => void thread.terminate());
  thread.output$.subscribe({ error: spare, complete: spare });
}
