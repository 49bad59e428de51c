import { tracingChannel } from 'node:diagnostics_channel';
import { isMainThread } from 'node:worker_threads';
import type { Attributes, BatchObservableResult, Meter, Observable } from '@opentelemetry/api';
import { setJobListener } from '../primitives/threads/pool-records.js';
import type { WaitContext } from '../primitives/waiting/channels.js';
import { channels } from './channels.js';
import { inspect } from './inspect.js';
import { NowAndThen } from './looking.js';
import { Collector, PREFIX } from './metrics-collector.js';
import { measurements } from './metrics-sources.js';
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

/** What `metrics` tells as well, and what it is called and counted in here. Durations of waits and of jobs are recorded as they end. */
const OBSERVED: readonly (readonly [family: string, name: string, unit: string])[] = [
  ['threads', 'thread.count', '{thread}'],
  ['thread_blocked_seconds_total', 'thread.blocked_time', 's'],
  ['lock_acquires_total', 'lock.acquires', '{acquire}'],
  ['lock_timeouts_total', 'lock.timeouts', '{wait}'],
  ['lock_owner_deaths_total', 'lock.owner_deaths', '{owner}'],
  ['lock_waiters', 'lock.waiters', '{wait}'],
  ['abandoned_locks', 'lock.abandoned', '{lock}'],
  ['deadlocks', 'deadlock.count', '{deadlock}'],
  ['deadlocks_found_total', 'deadlock.found', '{deadlock}'],
  ['pool_workers', 'pool.worker.count', '{thread}'],
  ['pool_queue_length', 'pool.pending_jobs', '{job}'],
  ['pool_jobs_total', 'pool.jobs', '{job}'],
  ['pool_starved', 'pool.starved', '{pool}'],
  ['machines', 'machine.count', '{process}'],
  ['machines_held', 'machine.held', '{lock}'],
  ['machines_waits', 'machine.waits', '{wait}'],
];

function observe(meter: Meter): () => void {
  const collector = new Collector();
  const observed = OBSERVED.map(([family, name, unit]) => {
    const named = `rxjs_threading.${name}`;
    return family.endsWith('_total')
      ? meter.createObservableCounter(named, { unit })
      : meter.createObservableUpDownCounter(named, { unit });
  });
  // Main alone: were all workers to look, each would be asked by each.
  const readers = isMainThread ? new NowAndThen('contention') : undefined;
  const look = (result: BatchObservableResult): void => {
    readers?.asks();
    const families = new Map(
      collector.collect(inspect(), measurements()).map(({ name, samples }) => [name, samples]),
    );
    for (const [at, [family]] of OBSERVED.entries())
      for (const { labels, value } of families.get(PREFIX + family) ?? [])
        result.observe(observed[at] as Observable, value, labels);
  };
  meter.addBatchObservableCallback(look, observed);
  return () => {
    meter.removeBatchObservableCallback(look, observed);
    readers?.end();
  };
}
