/** The event loop of this thread: time, turns, and the patrol that looks again at whatever waits. */

/** How long a thread sleeps at most before it looks again: what survives a kill between a change and its wake-up. */
export const LOOK_AGAIN = 50;

/** setTimeout's own limit; a longer one would fire at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Milliseconds on a clock that only goes forward. */
export function now(): number {
  return performance.now();
}

const ready = Promise.resolve();

/** Before the event loop turns. A promise's reaction costs half of what queueMicrotask does. */
export function soon(run: () => void): void {
  void ready.then(run);
}

/** When the event loop turns. */
export function nextTurn(run: () => void): void {
  setImmediate(run);
}

/** After `ms`, however many; returns how to cancel. Does not keep the process alive. */
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

/** Looked at every LOOK_AGAIN ms while on patrol; false: nothing left to look at. */
export interface Patrolled {
  look(): boolean;
}

const patrolled = new Set<Patrolled>();
let patrol: NodeJS.Timeout | undefined;
let pending = 0;

/** Puts one on the patrol, which alone does not keep the process alive. */
export function watchOver(one: Patrolled): void {
  patrolled.add(one);
  if (patrol !== undefined) return;
  patrol = setInterval(walk, LOOK_AGAIN);
  if (pending === 0) patrol.unref();
}

function walk(): void {
  for (const one of patrolled) if (!one.look()) patrolled.delete(one);
  if (patrolled.size > 0 || pending > 0) return;
  clearInterval(patrol);
  patrol = undefined;
}

/** Keeps the process alive while `by` of these are outstanding: a pending wait, as a pending timer does. */
export function keepAlive(by: 1 | -1): void {
  pending += by;
  if (by === 1 && pending === 1) {
    if (patrol === undefined) patrol = setInterval(walk, LOOK_AGAIN);
    else patrol.ref();
  } else if (pending === 0) patrol?.unref();
}
