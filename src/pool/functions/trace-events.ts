import { getIdent } from '../../primitives/threads/current-ident.js';
import { clock } from '../../primitives/threads/table.js';
import { type PrimitiveEvent, setTraceSink } from '../../primitives/waiting/trace.js';
import { Topic } from '../wire/bus.js';
import { type Encoded, encodeOrShow } from '../wire/codec.js';

/** Something a traced thread did. */
export interface TraceEvent {
  /**
   * A target is called, returns or throws; or what was done with a primitive. A 'return' whose value cannot be sent is
   * followed by an 'exception'.
   */
  readonly event: 'call' | 'return' | 'exception' | PrimitiveEvent;
  /** The thread's. */
  readonly ident: number;
  /** Name of the target or the primitive; that of the thread, where the target's source has no name. */
  readonly name: string;
  /** ms, on one clock for all threads. */
  readonly time: number;
  /** Of a 'call' the arguments, of a 'return' the value, of an 'exception' the error; of a release or notify, how many. */
  readonly arg?: unknown;
}

/** Events of all traced threads, on their way to threads that trace. */
export const traced: Topic<TraceEvent & { readonly arg: Encoded }> = new Topic('trace');

/** The listener of this thread. */
let here: ((event: TraceEvent) => void) | undefined;

/** `listener` is told of the events of this thread; the topic `traced` tells of those of others. */
export function setTraceListener(listener: (event: TraceEvent) => void): void {
  here = listener;
}

/** Tells the tracers of this thread at once, and those of others over the bus. */
export function emitTrace(event: TraceEvent['event'], name: string, arg: unknown): void {
  const told = { event, ident: getIdent(), name, time: clock() };
  here?.({ ...told, arg });
  traced.publish({ ...told, arg: encodeOrShow(arg) });
}

setTraceSink((event, _, name, arg) => emitTrace(event, name, arg));
