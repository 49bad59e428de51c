import { tracingChannel } from 'node:diagnostics_channel';
import { isMainThread } from 'node:worker_threads';
import type { Attributes, BatchObservableResult, Meter } from '@opentelemetry/api';
import { setJobListener } from '../primitives/threads/pool-records.js';
import type { WaitContext } from '../primitives/waiting/channels.js';
import { channels } from './channels.js';
import { deadlocksIn } from './findings.js';
import { inspect } from './inspect.js';
import { NowAndThen } from './looking.js';
import { LabelNames } from './metrics-totals.js';

/**
 * Metrics, named after those that OpenTelemetry has for JVM threads and database connection pools. Threads and pools are
 * those of the process, waits and the jobs that its own pools have run those of the thread. @returns how to end it
 */
export function instrumentMetrics(meter: Meter): () => void {
  const endings = [countWaits(meter), measureJobs(meter), observe(meter)];
  return () => {
    for (const end of endings) end();
  };
}

function countWaits(meter: Meter): () => void {
  const contended = meter.createCounter('rxjs_threading.lock.contended', { unit: '{acquire}' });
  const duration = meter.createHistogram('rxjs_threading.lock.wait.duration', { unit: 's' });
  const names = new LabelNames();
  const begun = new WeakMap<WaitContext, number>();
  const attributes = ({ name, kind }: WaitContext): Attributes => ({ lock: names.label(name), kind });
  const ended = (wait: WaitContext): void => {
    const since = begun.get(wait);
    if (since !== undefined) duration.record((performance.now() - since) / 1000, attributes(wait));
  };
  const events = {
    start(wait: WaitContext) {
      begun.set(wait, performance.now());
      contended.add(1, attributes(wait));
    },
    end: (wait: WaitContext) => void (wait.face === 'blocking' && ended(wait)),
    asyncStart() {},
    asyncEnd: ended,
    error() {},
  };
  const waits = tracingChannel<unknown, WaitContext>(channels.wait);
  waits.subscribe(events);
  return () => void waits.unsubscribe(events);
}

function measureJobs(meter: Meter): () => void {
  const duration = meter.createHistogram('rxjs_threading.pool.job.duration', { unit: 's' });
  const waitTime = meter.createHistogram('rxjs_threading.pool.job.wait_time', { unit: 's' });
  const names = new LabelNames();
  setJobListener((name, waited, ran) => {
    const attributes = { pool: names.label(name) };
    duration.record(ran / 1000, attributes);
    waitTime.record(waited / 1000, attributes);
  });
  return () => setJobListener(undefined);
}

function observe(meter: Meter): () => void {
  const threads = meter.createObservableUpDownCounter('rxjs_threading.thread.count', { unit: '{thread}' });
  const workers = meter.createObservableUpDownCounter('rxjs_threading.pool.worker.count', {
    unit: '{thread}',
  });
  const pending = meter.createObservableUpDownCounter('rxjs_threading.pool.pending_jobs', { unit: '{job}' });
  const deadlocks = meter.createObservableUpDownCounter('rxjs_threading.deadlock.count', {
    unit: '{deadlock}',
  });
  const observed = [threads, workers, pending, deadlocks];
  const names = new LabelNames();
  // Main alone: were all workers to look, each would be asked by each.
  const readers = isMainThread ? new NowAndThen('contention') : undefined;
  const look = (result: BatchObservableResult): void => {
    readers?.asks();
    const now = inspect();
    const states = new Map<string, number>();
    for (const { activity } of now.threads) states.set(activity, (states.get(activity) ?? 0) + 1);
    for (const [state, count] of states) result.observe(threads, count, { state });
    for (const one of now.pools) {
      const pool = names.label(one.name);
      result.observe(workers, one.busy, { pool, state: 'busy' });
      result.observe(workers, Math.max(0, one.threads - one.busy), { pool, state: 'idle' });
      result.observe(pending, one.queued, { pool });
    }
    const found = deadlocksIn(now.findings);
    for (const certainty of ['certain', 'suspected'])
      result.observe(deadlocks, found.filter((one) => one.certainty === certainty).length, { certainty });
  };
  meter.addBatchObservableCallback(look, observed);
  return () => {
    meter.removeBatchObservableCallback(look, observed);
    readers?.end();
  };
}
