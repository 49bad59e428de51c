let ask: (() => string | undefined) | undefined;

/** @param parent - asked where a thread or a job is started: the span that is active there, as a `traceparent` header has it */
export function setTraceParent(parent: (() => string | undefined) | undefined): void {
  ask = parent;
}

export function traceParent(): string | undefined {
  return ask?.();
}
