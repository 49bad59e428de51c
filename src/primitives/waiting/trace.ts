import { peek } from '../memory/word.js';
import { getIdent } from '../threads/current-ident.js';
import { TRACE, table } from '../threads/table.js';
import type { Settle } from './wait.js';

/**
 * What a trace tells of primitives, of both faces alike: `acquire` is called, and is `acquired`, at every level of an
 * RLock; a `wait` begins (an acquire's only if it cannot be granted at once) and its thread is `woken`: granted, timed
 * out or failed. Of one that is left by unsubscribing nothing more is told.
 */
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

/** Where a wait that was told of is to end, so that this is told as well. */
export function tellsWoken<T>(name: string, settle: Settle<T>): Settle<T> {
  return {
    resolve: (value) => {
      emit('woken', name);
      settle.resolve(value);
    },
    reject: (error) => {
      emit('woken', name);
      settle.reject(error);
    },
  };
}

/** Runs a wait that blocks, and tells of its begin and its end. */
export function tellWaitSync<T>(name: string, wait: () => T): T {
  if (!tracing()) return wait();
  emit('wait', name);
  try {
    return wait();
  } finally {
    emit('woken', name);
  }
}
