import { TimeoutError } from 'rxjs';
import { after } from '../../primitives/waiting/event-loop.js';
import { timedOut } from '../../primitives/waiting/timed-out.js';
import { lateAfter } from '../workers/late-after.js';
import type { ThreadState } from './thread-side.js';

/** A thread or job, as far as its time is concerned. */
export interface Timed {
  readonly state: ThreadState;
  isAlive(): boolean;
}

/**
 * Runs `expired` when a thread has run for `ms`, the time before it begins not counted: never early, and late by a tenth,
 * at most 50 ms, because the begin is looked for and not told. A loop that was blocked hears first of an end in time.
 * Returns how to stop. Does not keep the process alive.
 */
export function limitRun(thread: Timed, ms: number, expired: () => void): () => void {
  let stop = (): void => {};
  if (ms === Number.POSITIVE_INFINITY) return stop;
  const look = (): void => {
    const { state } = thread;
    if (state === 'queued') stop = after(Math.min(50, Math.max(5, ms / 10)), look);
    else if (state === 'running') stop = lateAfter(ms, over);
  };
  const over = (): void => {
    if (thread.isAlive()) expired();
  };
  look();
  return () => stop();
}

/** RxJS's TimeoutError, which says whose and how long it ran. */
export function ranTooLong(name: string, ms: number): TimeoutError {
  return timedOut(`'${name}'`, ms);
}

/** The same, of a job that has not begun. */
export function waitedTooLong(name: string, ms: number): TimeoutError {
  return Object.assign(new TimeoutError(), {
    message: `'${name}' waited in line for its waitTimeout of ${ms} ms`,
  });
}
