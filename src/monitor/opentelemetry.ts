import { tracingChannel } from 'node:diagnostics_channel';
import type * as Api from '@opentelemetry/api';
import { setTraceParent } from '../pool/wire/trace-parent.js';
import { checkMs, checkOptions } from '../primitives/options.js';
import { requireFrom } from '../primitives/require-from.js';
import { type RunContext, setRunner, type WaitContext } from '../primitives/waiting/channels.js';
import { channels } from './channels.js';
import { instrumentMetrics } from './opentelemetry-metrics.js';

/** What `instrument` tells of. */
export interface InstrumentOptions {
  /** How long a wait has to last to get a span, in ms. Default 5. */
  readonly waitsOver?: number | undefined;
}

/**
 * That a package is missing which `rxjs-threading` itself does without. Its code is Node's `ERR_MODULE_NOT_FOUND`.
 *
 * @example
 * const error = new MissingPackageError('instrument needs the package @opentelemetry/api');
 * console.log(error.code); // prints ERR_MODULE_NOT_FOUND
 */
export class MissingPackageError extends Error {
  /** The class's name. */
  override name = 'MissingPackageError';
  /** As Node has it. */
  readonly code = 'ERR_MODULE_NOT_FOUND';
}

const NAME = 'rxjs-threading';
const WAITS_OVER = 5;

/** How to end what the last call began: two would tell everything twice. */
let ending: (() => void) | undefined;

/**
 * OpenTelemetry's spans and metrics. In a thread that calls it: a span for each target that it runs, child of the span that
 * was active where that was started, if `instrument` was called there as well, and for each wait that lasts longer than
 * `waitsOver`; metrics of all threads, locks and pools. So call it in main and in each worker, after the SDK is set up, for
 * instance in a file that `--import` loads. Another call takes the place of the one before. Python has no such thing.
 *
 * @returns how to end it
 * @throws MissingPackageError without `@opentelemetry/api`; TypeError, RangeError showing the value
 * @example
 * const stop = instrument({ waitsOver: 20 });
 * const thread = new Thread({ target: () => 'a target with a span' }).start();
 * console.log(await thread.result()); // prints a target with a span
 * stop();
 */
export function instrument(options: InstrumentOptions = {}): () => void {
  checkOptions(options, ['waitsOver']);
  const waitsOver = checkMs('waitsOver', options.waitsOver ?? WAITS_OVER);
  const api = load();
  ending?.();
  const endings = [
    instrumentRuns(api),
    instrumentWaits(api, waitsOver),
    instrumentMetrics(api.metrics.getMeter(NAME)),
  ];
  const end = (): void => {
    for (const one of endings.splice(0)) one();
    if (ending === end) ending = undefined;
  };
  ending = end;
  return end;
}

function load(): typeof Api {
  try {
    return requireFrom(import.meta.url)('@opentelemetry/api');
  } catch (cause) {
    throw new MissingPackageError(
      'instrument needs the package @opentelemetry/api: npm install @opentelemetry/api',
      {
        cause,
      },
    );
  }
}

function instrumentRuns({ trace, context, ROOT_CONTEXT, SpanKind, SpanStatusCode }: typeof Api): () => void {
  const tracer = trace.getTracer(NAME);
  const spans = new WeakMap<RunContext, Api.Span>();
  setTraceParent(() => traceparentOf(trace.getActiveSpan()?.spanContext()));
  setRunner((run, call) => {
    const parent = spanContextOf(run.traceparent);
    const at = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    const attributes = {
      'thread.id': run.ident,
      'thread.name': run.name,
      ...(run.target !== '' && { 'code.function.name': run.target }),
    };
    const span = tracer.startSpan(
      `run ${run.target || 'target'}`,
      { kind: SpanKind.INTERNAL, attributes },
      at,
    );
    spans.set(run, span);
    return context.with(trace.setSpan(at, span), call);
  });
  const events = {
    start() {},
    end() {},
    asyncStart() {},
    asyncEnd: (run: RunContext) => spans.get(run)?.end(),
    error(run: RunContext) {
      const span = spans.get(run);
      const { error } = run;
      if (error instanceof Error) span?.recordException(error);
      span?.setStatus({ code: SpanStatusCode.ERROR });
    },
  };
  const runs = tracingChannel<unknown, RunContext>(channels.run);
  runs.subscribe(events);
  return () => {
    runs.unsubscribe(events);
    setRunner(undefined);
    setTraceParent(undefined);
  };
}

function instrumentWaits({ trace, context }: typeof Api, waitsOver: number): () => void {
  const tracer = trace.getTracer(NAME);
  const begun = new WeakMap<WaitContext, { readonly time: number; readonly at: Api.Context }>();
  const ended = (wait: WaitContext): void => {
    const { time, at } = begun.get(wait) ?? { time: Number.NaN, at: context.active() };
    // The clock of the wall may have been set meanwhile; OpenTelemetry takes times of this one, too.
    const end = performance.now();
    if (!(end - time > waitsOver)) return;
    const attributes = {
      'rxjs_threading.lock.name': wait.name,
      'rxjs_threading.lock.kind': wait.kind,
      'rxjs_threading.wait.outcome': wait.outcome ?? 'left',
    };
    tracer.startSpan(`wait ${wait.name}`, { startTime: time, attributes }, at).end(end);
  };
  const events = {
    start: (wait: WaitContext) => void begun.set(wait, { time: performance.now(), at: context.active() }),
    end: (wait: WaitContext) => void (wait.face === 'blocking' && ended(wait)),
    asyncStart() {},
    asyncEnd: ended,
    error() {},
  };
  const waits = tracingChannel<unknown, WaitContext>(channels.wait);
  waits.subscribe(events);
  return () => void waits.unsubscribe(events);
}

const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

/** Source: W3C, "Trace Context", version 00. */
function traceparentOf(span: Api.SpanContext | undefined): string | undefined {
  if (span === undefined) return undefined;
  const header = `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
  return TRACEPARENT.test(header) ? header : undefined;
}

function spanContextOf(header: string | undefined): Api.SpanContext | undefined {
  const [, traceId, spanId, flags = '0'] = TRACEPARENT.exec(header ?? '') ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}
