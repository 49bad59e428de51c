import { AsyncLocalStorage } from 'node:async_hooks';
import { Observable } from 'rxjs';
import { show } from '../../primitives/options.js';
import { onThreadBegin } from '../../primitives/threads/current-ident.js';
import { aliveIdents } from '../../primitives/threads/liveness.js';
import { TRACING } from '../../primitives/threads/trace-flag.js';
import { watchAs } from '../../primitives/threads/watching.js';
import { setTraceMuted } from '../../primitives/waiting/trace.js';
import { unpackError } from '../wire/codec.js';
import { InOrder } from '../wire/in-order.js';
import { reportUnhandled } from '../workers/unhandled.js';
import { setTraceListener, type TraceEvent, traced } from './trace-events.js';

/** What `settrace` and `setprofile` take. What it throws goes to the excepthook. */
export type TraceFunction = (event: TraceEvent) => void;

interface Tracer {
  readonly tell: TraceFunction;
  /** Threads whose events are not told: `settrace` excepts those that ran when it was called. */
  readonly except: ReadonlySet<number>;
  /** Since when it is told: ends that the slot says so. */
  stop?: () => void;
}

const NOBODY: ReadonlySet<number> = new Set();
const tracers = new Set<Tracer>();

/** Says which code is a trace function's, after an `await` too: what it does is not told, or it would run for that. */
let within: AsyncLocalStorage<true> | undefined;

/** Invariant: the slot of the current thread says that it traces while it has tracers. */
function addTracer(tracer: Tracer): void {
  if (within === undefined) {
    within = new AsyncLocalStorage();
    setTraceMuted(() => within?.getStore() === true);
    setTraceListener(tellTracers);
    // Also while a trace function of this thread runs, which may wait and so have them heard: they are not what it does.
    const inOrder = new InOrder();
    traced.listen((event) =>
      inOrder.take(() => within?.run(true, tellEach, { ...event, arg: unpackError(event.arg) })),
    );
  }
  tracers.add(tracer);
  tracer.stop = watchAs(TRACING);
}

function removeTracer(tracer: Tracer | undefined): void {
  if (tracer !== undefined && tracers.delete(tracer)) tracer.stop?.();
}

// What an ended thread had set is not the next one's in this worker.
onThreadBegin(() => {
  tracers.clear();
  tracing.forget();
  profiling.forget();
});

function tellTracers(event: TraceEvent): void {
  if (tracers.size > 0 && within?.getStore() !== true) within?.run(true, tellEach, event);
}

function tellEach(event: TraceEvent): void {
  for (const { tell, except } of [...tracers]) {
    if (except.has(event.ident)) continue;
    try {
      tell(event);
    } catch (error) {
      reportUnhandled(event.ident, error);
    }
  }
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

  /** The thread that had set it has ended. */
  forget(): void {
    this.#fn = null;
    this.#tracer = undefined;
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
 * settrace(({ event, name }) => console.log(event, name)); // prints call twice, then return twice
 * await new Thread({ target: function twice(n) { return n * 2; }, args: [21] }).start().join();
 * settrace(null);
 */
export function settrace(fn: TraceFunction | null): void {
  tracing.set(fn, new Set(aliveIdents(true)));
}

/**
 * What `settrace` or `settraceAllThreads` has set in this thread; null: nothing. Source: CPython, `threading.gettrace`.
 *
 * @example
 * console.log(gettrace()); // prints null
 */
export function gettrace(): TraceFunction | null {
  return tracing.fn;
}

/**
 * As `settrace`, for the threads already running too, this one among them. Source: CPython,
 * `threading.settrace_all_threads`.
 *
 * @param fn - null: no more
 * @throws TypeError for what is neither a function nor null
 * @example
 * settraceAllThreads(({ event, name }) => console.log(event, name)); // prints set ready
 * new Event({ name: 'ready' }).set();
 * settraceAllThreads(null);
 */
export function settraceAllThreads(fn: TraceFunction | null): void {
  tracing.set(fn, NOBODY);
}

/**
 * As `settrace`, for the 'call', 'return' and 'exception' events alone. Source: CPython, `threading.setprofile`.
 *
 * @param fn - null: no more
 * @throws TypeError for what is neither a function nor null
 * @example
 * setprofile(({ event }) => console.log(event)); // prints call, then return
 * await new Thread({ target: (n) => n * 2, args: [21] }).start().join();
 * setprofile(null);
 */
export function setprofile(fn: TraceFunction | null): void {
  profiling.set(fn, new Set(aliveIdents(true)));
}

/**
 * What `setprofile` or `setprofileAllThreads` has set in this thread; null: nothing. Source: CPython,
 * `threading.getprofile`.
 *
 * @example
 * console.log(getprofile()); // prints null
 */
export function getprofile(): TraceFunction | null {
  return profiling.fn;
}

/**
 * As `setprofile`, for the threads already running too. Source: CPython, `threading.setprofile_all_threads`.
 *
 * @param fn - null: no more
 * @throws TypeError for what is neither a function nor null
 * @example
 * setprofileAllThreads(({ event }) => console.log(event)); // prints call, then exception
 * const thread = new Thread({ target: () => { throw new Error('jammed'); } }).start();
 * await thread.result().then(undefined, () => setprofileAllThreads(null));
 */
export function setprofileAllThreads(fn: TraceFunction | null): void {
  profiling.set(fn, NOBODY);
}

/**
 * The events of all threads while somebody subscribes. Never completes. Does not keep the process alive. Unsubscribing ends
 * the tracing, unless somebody else traces. Python has no such thing.
 *
 * @example
 * const tracing = trace$.subscribe(({ event, name }) => console.log(event, name)); // prints set ready
 * new Event({ name: 'ready' }).set();
 * tracing.unsubscribe();
 */
export const trace$: Observable<TraceEvent> = new Observable((subscriber) => {
  const tracer: Tracer = { tell: (event) => subscriber.next(event), except: NOBODY };
  addTracer(tracer);
  return () => removeTracer(tracer);
});
