import { LOOKS_BEFORE_PARK, park } from '../memory/word.js';
import { throwIfCancelled } from '../threads/cancel-flag.js';
import { noticeDeaths } from '../threads/liveness.js';
import { clock } from '../threads/table.js';
import { block, blockedBy, unblock, type Waited } from '../threads/wait-record.js';
import { type BlockingAttempt, isDecided, PENDING, YIELD_MS, YIELDED } from './attempt.js';
import { RECHECK_MS } from './event-loop.js';
import { type WaitEnd, waitBegins, waitEnds } from './noted-wait.js';
import { emit, tracing } from './trace.js';
import { siteHere } from './wait-site.js';

/**
 * Runs an attempt by blocking the thread, until it ends or `timeout` ms have passed.
 *
 * @param cancellable - whether cancelling the thread ends the wait, with the reason
 */
export function waitBlocking<T>(
  on: Waited,
  attempt: BlockingAttempt<T>,
  timeout: number,
  cancellable = true,
): T {
  const traced = tracing();
  if (traced) emit('wait', on.name);
  try {
    const outcome = attempt.acquires ? PENDING : attempt.begin(0, timeout);
    return isDecided(outcome) ? outcome : sleepUntilDecided(on, attempt, timeout, cancellable);
  } finally {
    if (traced) emit('woken', on.name);
  }
}

/** Sleeps at most RECHECK_MS at a stretch: whoever was to wake the thread may have died. */
function sleepUntilDecided<T>(
  on: Waited,
  attempt: BlockingAttempt<T>,
  timeout: number,
  cancellable: boolean,
): T {
  const since = clock();
  const deadline = since + timeout;
  // What is taken within these is no wait that anybody is told of: under contention most are.
  for (let look = 0; attempt.acquires && look < LOOKS_BEFORE_PARK; look++) {
    const outcome = attempt.poll();
    if (isDecided(outcome)) return outcome;
  }
  let end: WaitEnd = 'left';
  const counted = waitBegins(on, 'blocking');
  const site = siteHere();
  block(on, since, deadline, site);
  try {
    for (;;) {
      const seen = attempt.mark();
      const outcome = attempt.poll();
      if (isDecided(outcome)) {
        end = 'woken';
        return outcome;
      }
      const left = deadline - clock();
      if (left <= 0) {
        const expired = attempt.expire(true);
        if (isDecided(expired)) {
          end = expired === false ? 'timeout' : 'woken';
          return expired;
        }
      }
      if (cancellable) leaveIfCancelled(attempt);
      blockedBy(attempt.owner());
      noticeDeaths();
      const most = outcome === YIELDED ? YIELD_MS : RECHECK_MS;
      park(attempt.cells, attempt.cell, seen, left > 0 ? Math.min(left, most) : most);
    }
  } finally {
    unblock(waitEnds(on, { counted, since, site }, end, 'blocking'));
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
