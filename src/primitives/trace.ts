import { getIdent, TRACE, table } from './thread-table.js';
import { peek } from './word.js';

/** What a trace tells of primitives. */
export type PrimitiveEvent =
  | 'acquire'
  | 'acquired'
  | 'release'
  | 'wait'
  | 'woken'
  | 'notify'
  | 'set'
  | 'clear';

export type TraceSink = (event: PrimitiveEvent, ident: number, name: string, arg: unknown) => void;

let sink: TraceSink | undefined;

export function setTraceSink(to: TraceSink): void {
  sink = to;
}

/** One plain load while nobody traces. */
export function tracing(): boolean {
  return peek(table, TRACE) !== 0;
}

export function emit(event: PrimitiveEvent, name: string, arg?: unknown): void {
  sink?.(event, getIdent(), name, arg);
}
