import { after, nextTurn } from '../../primitives/waiting/event-loop.js';

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
