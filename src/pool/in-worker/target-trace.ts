import { getIdent } from '../../primitives/threads/current-ident.js';
import { nameOf } from '../../primitives/threads/thread-slots.js';
import { emitTrace } from '../functions/trace-events.js';
import type { RunningThread } from '../wire/messages.js';

/** The target's name in trace events; the thread's, where the target has none. */
function nameIn(target: RunningThread['target']): string {
  return nameOfTarget(target) || nameOf(getIdent());
}

function nameOfTarget(target: RunningThread['target']): string {
  if (target === null) return '';
  if ('className' in target) return `${target.className}.run`;
  if ('export' in target) return target.export;
  return (
    /^(?:async\s+)?(?:function\s*\*?\s*)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*\(/u.exec(
      target.source,
    )?.[1] ?? ''
  );
}

export function traceStart(target: RunningThread['target']): void {
  emitTrace('call', nameIn(target), undefined);
}

export function traceEnd(event: 'return' | 'exception', target: RunningThread['target'], arg: unknown): void {
  emitTrace(event, nameIn(target), arg);
}
