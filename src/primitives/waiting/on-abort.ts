import { soon } from './event-loop.js';
import { apart } from './unheard.js';

const listening = new Map<AbortSignal, Set<() => void>>();

/**
 * Runs `aborted` when the signal is aborted, or in a microtask if it is by now; returns how to call that off. One listener
 * a signal, because thousands of waits and jobs may share one signal, and Node 20 warns of more than ten listeners.
 */
export function onAbort(signal: AbortSignal, aborted: () => void): () => void {
  // Its listeners were told: code of the user's, such as a getter or a trace function, has run since it was looked at.
  if (signal.aborted) return inMicrotask(aborted);
  const waiting = listening.get(signal) ?? listen(signal);
  waiting.add(aborted);
  return () => {
    if (!waiting.delete(aborted) || waiting.size > 0 || listening.get(signal) !== waiting) return;
    listening.delete(signal);
    signal.removeEventListener('abort', tell);
  };
}

/** Whether an AbortSignal may end something of this thread, such as that of `AbortSignal.timeout`, which keeps nothing alive. */
export function mayBeAborted(): boolean {
  return listening.size > 0;
}

function inMicrotask(aborted: () => void): () => void {
  let calledOff = false;
  soon(() => {
    if (!calledOff) aborted();
  });
  return () => {
    calledOff = true;
  };
}

function listen(signal: AbortSignal): Set<() => void> {
  const waiting = new Set<() => void>();
  listening.set(signal, waiting);
  signal.addEventListener('abort', tell, { once: true });
  return waiting;
}

function tell(this: AbortSignal): void {
  const waiting = listening.get(this) ?? [];
  listening.delete(this);
  // Not those that are called off by one that runs before them.
  for (const aborted of waiting) apart(aborted);
}
