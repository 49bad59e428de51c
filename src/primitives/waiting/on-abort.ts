const listening = new Map<AbortSignal, Set<() => void>>();

/**
 * Runs `aborted` when the signal is aborted; returns how to call that off. One listener a signal, because thousands of
 * waits and jobs may share one signal, and Node 20 warns of more than ten listeners.
 */
export function onAbort(signal: AbortSignal, aborted: () => void): () => void {
  const waiting = listening.get(signal) ?? listen(signal);
  waiting.add(aborted);
  return () => {
    if (!waiting.delete(aborted) || waiting.size > 0 || listening.get(signal) !== waiting) return;
    listening.delete(signal);
    signal.removeEventListener('abort', tell);
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
  for (const aborted of waiting) aborted();
}
