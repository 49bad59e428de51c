import nodePerformance from 'node:perf_hooks';
import nodeTimers from 'node:timers';

/** The event loop of this thread: time, turns, and the periodic recheck of everything that waits. */

// Taken as the library loads, because tests that mock time replace them later, and a join or a lock is no user's timer.
const { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = nodeTimers;
const performance = nodePerformance.performance;
const performanceNow = performance.now;

/** How long a thread sleeps at most before it looks again: whoever was to wake it may be killed between the change and the wake-up. */
export const RECHECK_MS = 50;

/** setTimeout's own limit; a longer one would fire at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Milliseconds on a clock that only goes forward. */
export function now(): number {
  return performanceNow.call(performance);
}

const ready = Promise.resolve();

/** Runs it in a microtask. By a promise's reaction, because that costs half of what queueMicrotask does. */
export function soon(run: () => void): void {
  void ready.then(run);
}

/** Runs it when the event loop turns. */
export function nextTurn(run: () => void): void {
  setImmediate(run);
}

/** Runs it after `ms`, however many; returns how to cancel. Does not keep the process alive. */
export function after(ms: number, run: () => void): () => void {
  const due = now() + ms;
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    timer = setTimeout(fire, Math.min(left, LONGEST_TIMEOUT));
    timer.unref();
  };
  // A timer may fire a fraction early; a wait must not end before its time.
  const fire = (): void => {
    const left = due - now();
    if (left > 0) wait(Math.ceil(left));
    else run();
  };
  wait(Math.ceil(ms));
  return () => clearTimeout(timer);
}

/** Runs it each `ms`; returns how to end that. Does not keep the process alive. */
export function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms);
  timer.unref();
  return () => clearInterval(timer);
}

/** What has something waiting. `recheck` is called every RECHECK_MS until it returns false: nothing waits any more. */
export interface Rechecked {
  recheck(): boolean;
}

const rechecked = new Set<Rechecked>();
let rechecks: NodeJS.Timeout | undefined;
let pending = 0;

/** Has it rechecked from now on. That alone does not keep the process alive. */
export function recheckPeriodically(one: Rechecked): void {
  rechecked.add(one);
  if (rechecks !== undefined) return;
  rechecks = setInterval(walk, RECHECK_MS);
  if (pending === 0) rechecks.unref();
}

function walk(): void {
  for (const one of rechecked) if (!one.recheck()) rechecked.delete(one);
  if (rechecked.size > 0 || pending > 0) return;
  clearInterval(rechecks);
  rechecks = undefined;
}

/** Keeps the process alive while `by` of these are outstanding: a pending wait, as a pending timer does. */
export function keepAlive(by: 1 | -1): void {
  pending += by;
  if (by === 1 && pending === 1) {
    if (rechecks === undefined) rechecks = setInterval(walk, RECHECK_MS);
    else rechecks.ref();
  } else if (pending === 0) rechecks?.unref();
}
