import { Observable } from 'rxjs';
import { add } from '../../primitives/memory/word.js';
import { show } from '../../primitives/options.js';
import { aliveIdents } from '../../primitives/threads/liveness.js';
import { TRACE, table } from '../../primitives/threads/table.js';
import { decode } from '../wire/codec.js';
import { reportUnhandled } from '../workers/unhandled.js';
import { setTraceListener, type TraceEvent, traced } from './trace-events.js';

export type TraceFunction = (event: TraceEvent) => void;

interface Tracer {
  readonly tell: TraceFunction;
  /** Threads whose events are not told: `settrace` excepts those that ran when it was called. */
  readonly except: ReadonlySet<number>;
}

const NOBODY: ReadonlySet<number> = new Set();
const tracers = new Set<Tracer>();

/** Invariant: the table's TRACE word counts the tracers of all threads. */
function addTracer(tracer: Tracer): void {
  if (tracers.size === 0) {
    setTraceListener(tellTracers);
    traced.listen((event) => tellTracers({ ...event, arg: decode(event.arg) }));
  }
  tracers.add(tracer);
  add(table, TRACE, 1);
}

function removeTracer(tracer: Tracer | undefined): void {
  if (tracer !== undefined && tracers.delete(tracer)) add(table, TRACE, -1);
}

/** A trace function is on the stack: what it does itself is not told, or it would run for its own events. */
let telling = false;

function tellTracers(event: TraceEvent): void {
  if (telling) return;
  telling = true;
  for (const { tell, except } of tracers) {
    if (except.has(event.ident)) continue;
    try {
      tell(event);
    } catch (error) {
      reportUnhandled(event.ident, error);
    }
  }
  telling = false;
}

/** The trace function of this thread that `settrace` and its `AllThreads` set, or that `setprofile` and its own do. */
class Hook {
  readonly #wants: (event: TraceEvent) => boolean;
  #fn: TraceFunction | null = null;
  #tracer: Tracer | undefined;

  constructor(wants: (event: TraceEvent) => boolean) {
    this.#wants = wants;
  }

  get fn(): TraceFunction | null {
    return this.#fn;
  }

  set(fn: TraceFunction | null, except: ReadonlySet<number>): void {
    if (fn !== null && typeof fn !== 'function')
      throw new TypeError(`a trace function is needed, or null, got ${show(fn)}`);
    removeTracer(this.#tracer);
    this.#fn = fn;
    this.#tracer = undefined;
    if (fn === null) return;
    this.#tracer = { tell: (event) => this.#wants(event) && fn(event), except };
    addTracer(this.#tracer);
  }
}

const tracing = new Hook(() => true);
const profiling = new Hook(({ event }) => event === 'call' || event === 'return' || event === 'exception');

/**
 * Has `fn` told, in this thread, of what the threads do that are started later, by whichever thread: calls and ends of
 * targets, and what they do with primitives. While nobody traces it costs nothing. Events of other threads come over
 * this one's event loop, with arguments that cannot be cloned as text.
 *
 * Python's function runs in the traced thread and steps through lines; this one is told of threads and primitives.
 * Source: CPython, `threading.settrace`.
 *
 * @param fn - null: no more
 * @throws TypeError for anything else
 * @example
 * settrace(({ event, name, ident }) => console.log(ident, event, name));
 */
export function settrace(fn: TraceFunction | null): void {
  tracing.set(fn, new Set(aliveIdents(true)));
}

/** What `settrace` or `settraceAllThreads` has set in this thread. Source: CPython, `threading.gettrace`. */
export function gettrace(): TraceFunction | null {
  return tracing.fn;
}

/**
 * As `settrace`, for the threads already running too, this one among them. Source: CPython,
 * `threading.settrace_all_threads`.
 *
 * @throws TypeError for what is neither a function nor null
 */
export function settraceAllThreads(fn: TraceFunction | null): void {
  tracing.set(fn, NOBODY);
}

/**
 * As `settrace`, for the 'call', 'return' and 'exception' events alone. Source: CPython, `threading.setprofile`.
 *
 * @throws TypeError for what is neither a function nor null
 * @example
 * setprofile(({ event, ident }) => console.log(ident, event));
 */
export function setprofile(fn: TraceFunction | null): void {
  profiling.set(fn, new Set(aliveIdents(true)));
}

/** What `setprofile` or `setprofileAllThreads` has set in this thread. Source: CPython, `threading.getprofile`. */
export function getprofile(): TraceFunction | null {
  return profiling.fn;
}

/**
 * As `setprofile`, for the threads already running too. Source: CPython, `threading.setprofile_all_threads`.
 *
 * @throws TypeError for what is neither a function nor null
 */
export function setprofileAllThreads(fn: TraceFunction | null): void {
  profiling.set(fn, NOBODY);
}

/**
 * The events of all threads while somebody subscribes. Does not keep the process alive. Unsubscribing ends the tracing,
 * unless somebody else traces.
 *
 * @example
 * trace$.subscribe(({ event, name, ident }) => console.log(ident, event, name));
 */
export const trace$: Observable<TraceEvent> = new Observable((subscriber) => {
  const tracer: Tracer = { tell: (event) => subscriber.next(event), except: NOBODY };
  addTracer(tracer);
  return () => removeTracer(tracer);
});
