const listening = new Map<AbortSignal, Set<() => void>>();

/**
 * Runs when the signal is aborted. One listener a signal, however many wait for it: thousands of jobs may share one, and
 * Node 20 warns of more than ten.
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
  for (const aborted of [...waiting]) aborted();
}
