import { park } from '../memory/word.js';
import { throwIfCancelled } from '../threads/cancel-flag.js';
import { block, blockedBy, unblock, type Waited } from '../threads/wait-graph.js';
import { type BlockingAttempt, PENDING, YIELDED } from './attempt.js';
import { now, RECHECK_MS } from './event-loop.js';
import { YIELD_MS } from './local-queue.js';

/**
 * Runs an attempt by blocking the thread, until it ends or `timeout` ms have passed. It sleeps at most RECHECK_MS ms at
 * a stretch: whoever was to wake it may have died.
 *
 * @param cancellable - whether cancelling the thread ends the wait, with the reason
 */
export function waitBlocking<T>(
  on: Waited,
  attempt: BlockingAttempt<T>,
  timeout: number,
  cancellable = true,
): T {
  const deadline = now() + timeout;
  block(on);
  try {
    for (;;) {
      const seen = attempt.mark();
      const outcome = attempt.poll();
      if (outcome !== PENDING && outcome !== YIELDED) return outcome;
      const left = deadline - now();
      if (left <= 0) {
        const end = attempt.expire();
        if (end !== PENDING && end !== YIELDED) return end;
      }
      if (cancellable) leaveIfCancelled(attempt);
      blockedBy(attempt.owner());
      const most = outcome === YIELDED ? YIELD_MS : RECHECK_MS;
      park(attempt.cells, attempt.cell, seen, left > 0 ? Math.min(left, most) : most);
    }
  } finally {
    unblock();
  }
}

function leaveIfCancelled(attempt: BlockingAttempt<unknown>): void {
  try {
    throwIfCancelled();
  } catch (reason) {
    attempt.leave();
    throw reason;
  }
}
