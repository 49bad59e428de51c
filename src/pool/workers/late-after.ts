import {
  after,
  nextTurn,
  now,
  RECHECK_MS,
  recheckPeriodically,
} from '../../primitives/waiting/event-loop.js';

/**
 * Runs it a turn later than in `ms`, because an event loop that was blocked hears first what the worker has said meanwhile.
 * Returns how to call it off.
 */
export function lateAfter(ms: number, run: () => void): () => void {
  let stopped = false;
  const stop = after(ms, () =>
    nextTurn(() => {
      if (!stopped) run();
    }),
  );
  return () => {
    stopped = true;
    stop();
  };
}

/**
 * Runs it after `ms` in which this event loop turned: of a time in which it did not, as the process was stopped and its workers
 * with it, two looks' worth count. Returns how to call it off.
 */
export function awakeAfter(ms: number, run: () => void): () => void {
  let left = ms;
  let looked = now();
  let stopped = false;
  recheckPeriodically({
    recheck: () => {
      if (stopped) return false;
      const time = now();
      left -= Math.min(time - looked, 2 * RECHECK_MS);
      looked = time;
      if (left <= 0) run();
      return left > 0;
    },
  });
  return () => {
    stopped = true;
  };
}
