import { show } from '../primitives/options.js';
import { inspect } from './inspect.js';
import { NowAndThen } from './looking.js';
import { Collector } from './metrics-collector.js';
import { exposition, type Family } from './metrics-exposition.js';
import { measurements } from './metrics-sources.js';
import type { Inspection } from './types.js';

const collector = new Collector();
const scrapers = new NowAndThen('contention');

/** What `metrics` tells, of a moment that somebody has looked at already. */
export function metricsOf(moment: Inspection): Family[] {
  return collector.collect(moment, measurements());
}

/**
 * Threads, locks, pools and deadlocks as metrics, in Prometheus' text format: what `GET metrics` answers. Labels are names
 * that the program gave to locks and pools, never those of threads; unnamed ones are one series, and those beyond the first
 * 200 another, `other`. It looks at threads for 90 s
 * more, so that the next call tells what only event loops do, as of other machines. Python has no such thing.
 *
 * @example
 * const lock = new Lock({ name: 'ledger' });
 * await lock.acquire();
 * const waiting = lock.acquire().subscribe();
 * console.log(metrics().match(/lock_waiters.*ledger.*$/m)?.[0]); // prints lock_waiters{lock="ledger",kind="Lock"} 1
 * waiting.unsubscribe();
 */
export function metrics(): string {
  return exposition(scraped());
}

function scraped(): Family[] {
  scrapers.asks();
  return metricsOf(inspect());
}

/** What `registerMetrics` needs of a registry of prom-client. */
export interface MetricsRegistry {
  /** Throws when the metric's name is taken. */
  registerMetric(metric: never): void;
  /** Takes the metric of that name out. */
  removeSingleMetric(name: string): void;
}

/**
 * The same as `metrics` in a registry of prom-client, which asks for it at each scrape. Python has no such thing.
 *
 * @returns how to take it out again
 * @throws TypeError for what is no registry; what the registry throws when one of the names is taken
 * @example
 * import { Registry } from 'prom-client';
 * const registry = new Registry();
 * registerMetrics(registry);
 * console.log((await registry.metrics()).includes('rxjs_threading_threads{state="running"} 1')); // prints true
 */
export function registerMetrics(registry: MetricsRegistry): () => void {
  const { registerMetric, removeSingleMetric } = (registry ?? {}) as Partial<MetricsRegistry>;
  if (typeof registerMetric !== 'function' || typeof removeSingleMetric !== 'function')
    throw new TypeError(`registry must be a Registry of prom-client, got ${show(registry)}`);
  let families = new Map<string, Family>();
  /** The names that are asked for in this scrape: the one that comes again begins the next. */
  const asked = new Set<string>();
  const get = (name: string): object => {
    if (asked.size === 0 || asked.has(name)) {
      asked.clear();
      families = new Map(scraped().map((family) => [family.name, family]));
    }
    asked.add(name);
    return asPromClient(families.get(name) as Family);
  };
  const names: string[] = [];
  const unregister = (): void => {
    for (const name of names.splice(0)) registry.removeSingleMetric(name);
  };
  try {
    for (const { name, help, type } of metricsOf(inspect())) {
      const metric = { name, help, type, aggregator: 'sum', get: async () => get(name), reset: () => {} };
      registry.registerMetric(metric as never);
      names.push(name);
    }
  } catch (error) {
    unregister();
    throw error;
  }
  return unregister;
}

function asPromClient({ name, help, type, samples }: Family): object {
  const values = samples.map(({ part, labels, value }) => ({ labels, value, metricName: name + part }));
  return { name, help, type, values, aggregator: 'sum' };
}
