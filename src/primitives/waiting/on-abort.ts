import { soon } from './event-loop.js';
import { apart } from './unheard.js';

interface Listening {
  readonly waiting: Set<() => void>;
  /** Knows the signal by itself, because one of another realm, or a Proxy of one, may call its listeners as something else. */
  readonly tell: () => void;
}

const listening = new Map<AbortSignal, Listening>();

/**
 * Runs `aborted` when the signal is aborted, or in a microtask if it is by now; returns how to call that off. One listener
 * a signal, because thousands of waits and jobs may share one signal, and Node 20 warns of more than ten listeners.
 */
export function onAbort(signal: AbortSignal, aborted: () => void): () => void {
  // Its listeners were told: code of the user's, such as a getter or a trace function, has run since it was looked at.
  if (signal.aborted) return inMicrotask(aborted);
  const one = listening.get(signal) ?? listen(signal);
  const { waiting } = one;
  waiting.add(aborted);
  return () => {
    if (!waiting.delete(aborted) || waiting.size > 0 || listening.get(signal) !== one) return;
    listening.delete(signal);
    signal.removeEventListener('abort', one.tell);
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

function listen(signal: AbortSignal): Listening {
  const waiting = new Set<() => void>();
  const tell = (): void => {
    if (listening.get(signal) === one) listening.delete(signal);
    // Not those that are called off by one that runs before them.
    for (const aborted of waiting) apart(aborted);
  };
  const one: Listening = { waiting, tell };
  listening.set(signal, one);
  signal.addEventListener('abort', tell, { once: true });
  return one;
}
