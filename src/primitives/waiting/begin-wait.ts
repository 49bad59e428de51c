import type { Unsubscribable } from 'rxjs';
import type { Cells } from '../memory/word.js';
import type { Waited } from '../threads/wait-record.js';
import { type Attempt, isDecided, type Outcome } from './attempt.js';
import { LocalQueue } from './local-queue.js';
import { TracedWait, tracing } from './trace.js';
import type { Settle } from './wait.js';

/** A primitive, as its Observable waits see it. */
export interface Queued extends Waited {
  readonly cells: Cells;
  /** Of this thread; made when the first one waits. */
  queue: LocalQueue | undefined;
  /** Of what can be acquired. */
  release?(): void;
}

/**
 * Begins an Observable wait: it ends at once, or queues. Returns how to leave it, or nothing when it has ended.
 *
 * Everything that `acquire()` of a free lock costs is in here: no closure, and no object while nobody traces.
 */
export function beginWait<T>(
  on: Queued,
  attempt: Attempt<T>,
  timeout: number,
  signal: AbortSignal | undefined,
  settle: Settle<T>,
): Unsubscribable | undefined {
  if (signal?.aborted) {
    settle.reject(signal.reason);
    return undefined;
  }
  let traced: TracedWait<T> | undefined;
  if (tracing()) {
    const told = settle;
    settle = traced = new TracedWait(on.name, attempt.acquires ? () => on.release?.() : undefined, told);
    if (told.left === true) return undefined;
  }
  let outcome: Outcome<T>;
  try {
    outcome = attempt.begin(on.queue === undefined ? 0 : on.queue.size, timeout);
    if (!isDecided(outcome) && timeout === 0) outcome = attempt.expire(true);
  } catch (error) {
    settle.reject(error);
    return undefined;
  }
  if (isDecided(outcome)) {
    settle.resolve(outcome);
    return undefined;
  }
  traced?.waits();
  on.queue ??= new LocalQueue(on);
  return on.queue.wait(attempt, timeout, signal, settle);
}
