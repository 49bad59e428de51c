import { type Measured, NOTHING_MEASURED } from '../primitives/memory/histogram.js';
import { deadlocksIn } from './findings.js';
import type { Family, Labels, Sample } from './metrics-exposition.js';
import { histogramCounts, histogramSamples } from './metrics-histogram.js';
import { type Counts, counter, LabelNames, Totals } from './metrics-totals.js';
import type { NamespaceInfo } from './namespace-info.js';
import type { Inspection, PoolInfo, PrimitiveInfo, ThreadActivity } from './types.js';

/** The durations behind what an inspection tells of them, by `id` of a primitive or a pool. */
export interface Measurements {
  readonly waits: ReadonlyMap<number, Measured>;
  readonly held: ReadonlyMap<number, Measured>;
  readonly runs: ReadonlyMap<number, Measured>;
  readonly jobWaits: ReadonlyMap<number, Measured>;
}

const ACTIVITIES: readonly ThreadActivity[] = [
  'queued',
  'running',
  'waiting',
  'sleeping',
  'idle',
  'stopped',
  'dead',
];
const OUTCOMES = ['completed', 'failed', 'cancelled'] as const;

/** Makes metrics of moments. Counters go on from one to the next: one collector for each that is asked. */
export class Collector {
  readonly #lockNames = new LabelNames();
  readonly #poolNames = new LabelNames();
  readonly #namespaces = new LabelNames();
  readonly #blocked = new Totals();
  readonly #locks = new Totals();
  readonly #acquires = new Totals();
  readonly #waits = new Totals();
  readonly #held = new Totals();
  readonly #jobs = OUTCOMES.map(() => new Totals());
  readonly #runs = new Totals();
  readonly #jobWaits = new Totals();
  /** Of deadlocks that are there, so that each is counted once. */
  #deadlocks = new Set<string>();
  #found = 0;

  collect(moment: Inspection, measurements: Measurements): Family[] {
    const began = performance.now();
    const families = [
      ...this.#threads(moment),
      ...this.#primitives(moment, measurements),
      ...this.#findings(moment),
      ...this.#pools(moment, measurements),
      ...this.#machines(moment),
    ];
    const took = [sample({}, (performance.now() - began) / 1000)];
    return [
      ...families,
      gauge('monitor_scrape_seconds', 'Time that it took to collect these metrics.', took),
    ];
  }

  #threads({ threads }: Inspection): Family[] {
    const count = (state: ThreadActivity): number =>
      threads.filter(({ activity }) => activity === state).length;
    this.#blocked.count([
      // Of no thread: so that the sum is there before there is one that was blocked.
      { id: 0, labels: {}, values: [0] },
      ...threads.map(({ ident, blockedTime }) => ({ id: ident, labels: {}, values: [blockedTime / 1000] })),
    ]);
    return [
      gauge(
        'threads',
        'Threads, by what they are doing.',
        ACTIVITIES.map((state) => sample({ state }, count(state))),
      ),
      total(
        'thread_blocked_seconds_total',
        'Time that threads were blocked.',
        this.#blocked.samples(counter(0)),
      ),
    ];
  }

  #primitives({ primitives, waits }: Inspection, measurements: Measurements): Family[] {
    const rows = primitives.map((one) => ({ one, labels: this.#labelsOf(one) }));
    const counts = (values: (one: PrimitiveInfo) => readonly number[] | undefined): Counts[] =>
      rows.flatMap(({ one, labels }) => {
        const found = values(one);
        return found === undefined ? [] : [{ id: one.id, labels, values: found }];
      });
    this.#locks.count(
      counts(({ contention: { contended, timeouts, ownerDeaths } }) => [contended, timeouts, ownerDeaths]),
    );
    this.#acquires.count(
      counts(({ contention: { acquires } }) => (acquires === null ? undefined : [acquires])),
    );
    this.#waits.count(counts(({ id }) => histogramOf(measurements.waits.get(id))));
    this.#held.count(counts(({ id }) => histogramOf(measurements.held.get(id))));

    const waiting = new Map<number, number>();
    for (const { primitive, count } of waits)
      if (primitive !== null) waiting.set(primitive, (waiting.get(primitive) ?? 0) + count);
    const waiters = summed(rows.map(({ one, labels }) => sample(labels, waiting.get(one.id) ?? 0)));
    const acquired = 'Acquisitions, those that did not wait included, while a monitor counted them.';
    return [
      total('lock_acquires_total', acquired, this.#acquires.samples(counter(0))),
      total(
        'lock_contended_total',
        'Acquisitions and waits that had to wait.',
        this.#locks.samples(counter(0)),
      ),
      total('lock_timeouts_total', 'Waits that gave up.', this.#locks.samples(counter(1))),
      total('lock_owner_deaths_total', 'Owners that died with it.', this.#locks.samples(counter(2))),
      histogram('lock_wait_seconds', 'How long was waited for it.', this.#waits),
      histogram('lock_held_seconds', 'How long it was held, of a sample.', this.#held),
      gauge('lock_waiters', 'Waits that are pending.', waiters),
    ];
  }

  #findings({ findings }: Inspection): Family[] {
    const deadlocks = deadlocksIn(findings);
    for (const { id } of deadlocks) if (!this.#deadlocks.has(id)) this.#found++;
    this.#deadlocks = new Set(deadlocks.map(({ id }) => id));
    const how = (certainty: string): number => deadlocks.filter((one) => one.certainty === certainty).length;
    const abandoned = findings.filter(({ kind }) => kind === 'abandoned').length;
    return [
      gauge(
        'deadlocks',
        'Deadlocks that there are, those between processes included.',
        ['certain', 'suspected'].map((certainty) => sample({ certainty }, how(certainty))),
      ),
      total('deadlocks_found_total', 'Deadlocks that there have been.', [sample({}, this.#found)]),
      gauge('abandoned_locks', 'Locks whose owner is dead, not acquired since.', [sample({}, abandoned)]),
    ];
  }

  #pools({ pools, findings }: Inspection, measurements: Measurements): Family[] {
    const rows = pools.map((one) => ({ one, labels: { pool: this.#poolNames.label(one.name) } }));
    const gauges = (value: (one: PoolInfo) => number, more: Labels = {}): Sample[] =>
      summed(rows.map(({ one, labels }) => sample({ ...labels, ...more }, value(one))));
    OUTCOMES.forEach((outcome, at) => {
      const counts = rows.map(({ one, labels }) => ({
        id: one.id,
        labels: { ...labels, outcome },
        values: [one[outcome]],
      }));
      this.#jobs[at]?.count(counts);
    });
    const measured = (by: ReadonlyMap<number, Measured>): Counts[] =>
      rows.map(({ one, labels }) => ({ id: one.id, labels, values: histogramOf(by.get(one.id)) }));
    this.#runs.count(measured(measurements.runs));
    this.#jobWaits.count(measured(measurements.jobWaits));
    const starved = new Set(findings.map((one) => (one.kind === 'starvation' ? one.pool : null)));
    return [
      gauge('pool_workers', 'Workers of a pool.', [
        ...gauges(({ busy }) => busy, { state: 'busy' }),
        ...gauges(({ threads, busy }) => Math.max(0, threads - busy), { state: 'idle' }),
      ]),
      gauge(
        'pool_queue_length',
        'Jobs that wait for a worker.',
        gauges(({ queued }) => queued),
      ),
      total(
        'pool_jobs_total',
        'Jobs that have ended.',
        this.#jobs.flatMap((totals) => totals.samples(counter(0))),
      ),
      histogram('pool_job_run_seconds', 'How long jobs ran.', this.#runs),
      histogram('pool_job_wait_seconds', 'How long jobs waited until they began.', this.#jobWaits),
      gauge(
        'pool_starved',
        'Whether all of its workers wait for jobs that wait for a worker.',
        gauges(({ id }) => (starved.has(id) ? 1 : 0)),
      ),
    ];
  }

  #machines({ namespaces, time }: Inspection): Family[] {
    const gauges = (value: (one: NamespaceInfo) => number): Sample[] =>
      summed(
        namespaces.map((one) => sample({ namespace: this.#namespaces.label(one.namespace) }, value(one))),
      );
    const sum = (shares: readonly { readonly count: number }[]): number =>
      shares.reduce((all, { count }) => all + count, 0);
    return [
      gauge(
        'machines',
        'Processes of a namespace.',
        gauges(({ machines }) => machines.length),
      ),
      gauge(
        'machines_held',
        'Locks and permits that they have.',
        gauges(({ things }) => sum(things.flatMap(({ holders }) => holders))),
      ),
      gauge(
        'machines_waits',
        'Waits of theirs that are pending.',
        gauges(({ things }) => sum(things.flatMap(({ waiters }) => waiters))),
      ),
      gauge(
        'machines_age_seconds',
        'How long ago the engine was looked at.',
        gauges(({ seen }) => Math.max(0, time - seen) / 1000),
      ),
    ];
  }

  #labelsOf({ kind, name, named }: PrimitiveInfo): Labels {
    return { lock: this.#lockNames.label(named ? name : null), kind };
  }
}

function histogramOf(measured: Measured = NOTHING_MEASURED): readonly number[] {
  return histogramCounts(measured);
}

/** Values of the same labels as one. */
function summed(samples: readonly Sample[]): Sample[] {
  const sums = new Map<string, Sample>();
  for (const one of samples) {
    const key = Object.values(one.labels).join('\0');
    sums.set(key, { ...one, value: one.value + (sums.get(key)?.value ?? 0) });
  }
  return [...sums.values()];
}

function sample(labels: Labels, value: number): Sample {
  return { part: '', labels, value };
}

export const PREFIX = 'rxjs_threading_';

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: PREFIX + name, help, type: 'gauge', samples };
}

function total(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: PREFIX + name, help, type: 'counter', samples };
}

function histogram(name: string, help: string, totals: Totals): Family {
  return { name: PREFIX + name, help, type: 'histogram', samples: totals.samples(histogramSamples) };
}
