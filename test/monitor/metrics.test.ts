import { Registry } from 'prom-client';
import { Lock } from 'rxjs-threading';
import {
  type Inspection,
  inspect,
  metrics,
  type PoolInfo,
  type PrimitiveInfo,
  registerMetrics,
} from 'rxjs-threading/monitor';
import { describe, expect, it } from 'vitest';
import { Collector, type Measurements } from '../../src/monitor/metrics-collector.js';
import { exposition } from '../../src/monitor/metrics-exposition.js';
import { counter, Totals } from '../../src/monitor/metrics-totals.js';
import { History } from '../../src/monitor/page/model/history.js';
import { Usages } from '../../src/monitor/page/model/usages.js';

const none: Measurements = { waits: new Map(), held: new Map(), runs: new Map(), jobWaits: new Map() };
const nothing: Inspection = { ...inspect(), threads: [], primitives: [], pools: [], waits: [], findings: [] };
const durations = { count: 0, total: 0, p50: 0, p99: 0, max: 0 };

function lock(id: number, name: string, contended = 0, more: Partial<PrimitiveInfo> = {}): PrimitiveInfo {
  const contention = { contended, timeouts: 0, ownerDeaths: 0, signalled: false, sites: [] };
  return {
    id,
    kind: 'Lock',
    name,
    named: true,
    state: { owner: null },
    queue: [],
    contention: { ...contention, acquires: null, wait: durations, held: null },
    ...more,
  };
}

function pool(id: number, name: string): PoolInfo {
  const counts = {
    completed: 5,
    failed: 1,
    cancelled: 2,
    maxThreads: 4,
    threads: 3,
    busy: 2,
    queued: 7,
    maxQueue: null,
  };
  return { id, name, of: 4096, ...counts, run: durations, wait: durations, jobs: [], next: [] };
}

/** One line of the format that is no comment. Source: Prometheus, "Exposition formats". */
const SAMPLE = /^[a-z_]+(\{([a-z_]+="([^"\\\n]|\\\\|\\"|\\n)*"(,|(?=\})))+\})? (\+Inf|-?\d[\d.e+-]*)$/;

function texts(collector: Collector, moment: Partial<Inspection>, measurements = none): string[] {
  const text = exposition(collector.collect({ ...nothing, ...moment }, measurements));
  expect(text.endsWith('\n')).toBe(true);
  const lines = text.slice(0, -1).split('\n');
  for (const line of lines) if (!line.startsWith('# ')) expect(line).toMatch(SAMPLE);
  return lines;
}

/** The lines of a name, without it. */
const of = (lines: readonly string[], name: string): string[] =>
  lines
    .filter(
      (line) => line.startsWith(`rxjs_threading_${name}{`) || line.startsWith(`rxjs_threading_${name} `),
    )
    .map((line) => line.slice('rxjs_threading_'.length));

describe('metrics', () => {
  it('are in Prometheus format, each name with its help and type once', () => {
    const text = metrics();
    const helped = [...text.matchAll(/^# HELP (\w+) .+$/gm)].map(([, name]) => name);
    const typed = [...text.matchAll(/^# TYPE (\w+) (counter|gauge|histogram)$/gm)];
    expect(typed.map(([, name]) => name)).toEqual(helped);
    expect(new Set(helped).size).toBe(helped.length);
    for (const [, name, type] of typed) expect(name?.endsWith('_total')).toBe(type === 'counter');
    expect(text).toContain('rxjs_threading_threads{state="running"} ');
    expect(text).toMatch(/^rxjs_threading_monitor_scrape_seconds [\d.e-]+$/m);
  });

  it('count what waits for the locks that there are', async () => {
    const one = new Lock({ name: 'measured' });
    await one.acquire();
    const waiting = [one.acquire().subscribe(), one.acquire().subscribe()];
    expect(metrics()).toContain('rxjs_threading_lock_waiters{lock="measured",kind="Lock"} 2\n');
    for (const wait of waiting) wait.unsubscribe();
  });

  it('have the names of locks as the format escapes them, and none of what a terminal obeys', () => {
    const names = [
      '<img src=x onerror=alert(1)>',
      '"\n# HELP x y',
      'a\\',
      '\x1b[2J\x07',
      '😀'.repeat(100),
      '\u202Eabc',
      '}',
    ];
    const lines = texts(new Collector(), { primitives: names.map((name, id) => lock(id, name)) });
    expect(of(lines, 'lock_waiters')).toEqual([
      'lock_waiters{lock="<img src=x onerror=alert(1)>",kind="Lock"} 0',
      'lock_waiters{lock="\\"\\n# HELP x y",kind="Lock"} 0',
      'lock_waiters{lock="a\\\\",kind="Lock"} 0',
      'lock_waiters{lock="\\\\x1b[2J\\\\x07",kind="Lock"} 0',
      `lock_waiters{lock="${'😀'.repeat(100)}",kind="Lock"} 0`,
      'lock_waiters{lock="\\\\u202eabc",kind="Lock"} 0',
      'lock_waiters{lock="}",kind="Lock"} 0',
    ]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(lines.join('')).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  });

  it('have one series for locks without a name, and one for all names beyond 200', () => {
    const named = Array.from({ length: 250 }, (_, id) => lock(id, `lock ${id}`, 1));
    const unnamed = [
      lock(1000, 'Lock-1000', 3, { named: false }),
      lock(1001, 'Lock-1001', 4, { named: false }),
    ];
    const lines = of(texts(new Collector(), { primitives: [...named, ...unnamed] }), 'lock_contended_total');
    expect(lines).toHaveLength(202);
    expect(lines).toContain('lock_contended_total{lock="other",kind="Lock"} 50');
    expect(lines).toContain('lock_contended_total{lock="",kind="Lock"} 7');
  });

  it('never count back, although locks and threads go', () => {
    const collector = new Collector();
    const contended = (primitives: readonly PrimitiveInfo[]): string[] =>
      of(texts(collector, { primitives }), 'lock_contended_total');
    expect(contended([lock(1, 'a', 3), lock(2, 'a', 4)])).toEqual([
      'lock_contended_total{lock="a",kind="Lock"} 7',
    ]);
    expect(contended([lock(2, 'a', 5)])).toEqual(['lock_contended_total{lock="a",kind="Lock"} 8']);
    expect(contended([])).toEqual(['lock_contended_total{lock="a",kind="Lock"} 8']);
    expect(contended([lock(3, 'a', 2)])).toEqual(['lock_contended_total{lock="a",kind="Lock"} 10']);
    const [main] = inspect().threads;
    if (main === undefined) throw new Error('there is no thread');
    const blocked = (blockedTimes: readonly number[]): string[] => {
      const threads = blockedTimes.map((blockedTime, ident) => ({ ...main, ident: ident + 1, blockedTime }));
      return of(texts(collector, { threads }), 'thread_blocked_seconds_total');
    };
    expect(blocked([1500, 500])).toEqual(['thread_blocked_seconds_total 2']);
    expect(blocked([2500])).toEqual(['thread_blocked_seconds_total 3']);
  });

  it('count nothing again that comes back', () => {
    const collector = new Collector();
    const acquires = (counted: number | null): string[] => {
      const { contention, ...more } = lock(1, 'a');
      const primitives = [{ ...more, contention: { ...contention, acquires: counted } }];
      return of(texts(collector, { primitives }), 'lock_acquires_total');
    };
    const [main] = inspect().threads;
    if (main === undefined) throw new Error('there is no thread');
    const blocked = (...blockedTimes: readonly number[]): string[] =>
      of(
        texts(collector, { threads: blockedTimes.map((blockedTime) => ({ ...main, blockedTime })) }),
        'thread_blocked_seconds_total',
      );
    expect(acquires(5)).toEqual(['lock_acquires_total{lock="a",kind="Lock"} 5']);
    expect(acquires(null)).toEqual(['lock_acquires_total{lock="a",kind="Lock"} 5']);
    expect(acquires(6)).toEqual(['lock_acquires_total{lock="a",kind="Lock"} 6']);
    expect(blocked(1000)).toEqual(['thread_blocked_seconds_total 1']);
    expect(blocked()).toEqual(['thread_blocked_seconds_total 1']);
    expect(blocked(1500)).toEqual(['thread_blocked_seconds_total 1.5']);
  });

  it('have histograms whose buckets are never more than their count, although that is read first', () => {
    const measured = { count: 1, total: 2, max: 1, buckets: [{ upTo: 1, count: 3 }] };
    const lines = texts(
      new Collector(),
      { primitives: [lock(1, 'a')] },
      { ...none, waits: new Map([[1, measured]]) },
    );
    const counts = of(lines, 'lock_wait_seconds_bucket').map((line) => Number(line.split(' ').at(-1)));
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(of(lines, 'lock_wait_seconds_count')).toEqual(['lock_wait_seconds_count{lock="a",kind="Lock"} 3']);
  });

  it('have histograms that rise to the count, in seconds', () => {
    const measured = {
      count: 4,
      total: 12_503,
      max: 12_500,
      buckets: [0.009, 1.05, 2.4, 12_500].map((upTo) => ({ upTo, count: 1 })),
    };
    const lines = texts(
      new Collector(),
      { primitives: [lock(1, 'a')] },
      { ...none, waits: new Map([[1, measured]]) },
    );
    const bucket = (le: string): string | undefined =>
      of(lines, 'lock_wait_seconds_bucket').find((line) => line.includes(`le="${le}"`));
    expect(bucket('0.00001')?.split(' ').at(-1)).toBe('1');
    expect(bucket('0.001')?.split(' ').at(-1)).toBe('2');
    expect(bucket('0.0025')?.split(' ').at(-1)).toBe('3');
    expect(bucket('10')?.split(' ').at(-1)).toBe('3');
    expect(bucket('+Inf')?.split(' ').at(-1)).toBe('4');
    expect(of(lines, 'lock_wait_seconds_sum')).toEqual([
      'lock_wait_seconds_sum{lock="a",kind="Lock"} 12.503',
    ]);
    expect(of(lines, 'lock_wait_seconds_count')).toEqual(['lock_wait_seconds_count{lock="a",kind="Lock"} 4']);
  });

  it('tell of findings while they last, and of how many there were', () => {
    const collector = new Collector();
    const base = { since: 0, message: '', cycle: [], behind: [] };
    const deadlock = { ...base, kind: 'deadlock', id: 'd', certainty: 'certain', doubts: [] } as const;
    const starvation = { kind: 'starvation', id: 's', since: 0, message: '', pool: 9, waits: [] } as const;
    const abandoned = { kind: 'abandoned', id: 'a', since: 0, message: '', primitive: 1, ident: 2 } as const;
    const told = (moment: Partial<Inspection>): string[] => {
      const lines = texts(collector, { pools: [pool(9, 'render')], ...moment });
      return ['deadlocks', 'deadlocks_found_total', 'abandoned_locks', 'pool_starved'].flatMap((name) =>
        of(lines, name),
      );
    };
    const all = [
      'deadlocks{certainty="certain"} 1',
      'deadlocks{certainty="suspected"} 0',
      'deadlocks_found_total 1',
      'abandoned_locks 1',
      'pool_starved{pool="render"} 1',
    ];
    expect(told({ findings: [deadlock, starvation, abandoned] })).toEqual(all);
    expect(told({ findings: [deadlock, starvation, abandoned] })).toEqual(all);
    expect(told({ findings: [] })).toEqual([
      'deadlocks{certainty="certain"} 0',
      'deadlocks{certainty="suspected"} 0',
      'deadlocks_found_total 1',
      'abandoned_locks 0',
      'pool_starved{pool="render"} 0',
    ]);
  });

  it('tell of pools', () => {
    const lines = texts(new Collector(), { pools: [pool(1, 'render'), pool(2, 'render')] });
    expect(of(lines, 'pool_workers')).toEqual([
      'pool_workers{pool="render",state="busy"} 4',
      'pool_workers{pool="render",state="idle"} 2',
    ]);
    expect(of(lines, 'pool_queue_length')).toEqual(['pool_queue_length{pool="render"} 14']);
    expect(of(lines, 'pool_jobs_total')).toEqual([
      'pool_jobs_total{pool="render",outcome="completed"} 10',
      'pool_jobs_total{pool="render",outcome="failed"} 2',
      'pool_jobs_total{pool="render",outcome="cancelled"} 4',
    ]);
  });
});

describe('registerMetrics', () => {
  it('has a registry of prom-client tell the same, until it is taken out', async () => {
    const registry = new Registry();
    const lockHere = new Lock({ name: 'registered "lock"' });
    await lockHere.acquire();
    const waiting = lockHere.acquire().subscribe();
    const unregister = registerMetrics(registry);
    const names = (text: string): string[] =>
      [...text.matchAll(/^# TYPE (.*)$/gm)].map(([, told = '']) => told);
    const text = await registry.metrics();
    expect(names(text)).toEqual(names(metrics()));
    expect(text).toContain('rxjs_threading_lock_waiters{lock="registered \\"lock\\"",kind="Lock"} 1\n');
    waiting.unsubscribe();
    expect(await registry.metrics()).toContain('{lock="registered \\"lock\\"",kind="Lock"} 0\n');
    expect((await registry.getMetricsAsJSON()).length).toBe(names(text).length);
    unregister();
    expect(names(await registry.metrics())).toEqual([]);
    unregister();
  });

  it.each([undefined, null, 5, {}, { registerMetric: () => {} }])('takes no %o', (registry) => {
    expect(() => registerMetrics(registry as never)).toThrow(
      /^registry must be a Registry of prom-client, got (undefined|null|5|{)/,
    );
  });

  it('throws when a name is taken, and leaves none behind', () => {
    const registry = new Registry();
    registerMetrics(registry);
    expect(() => registerMetrics(registry)).toThrow('already been registered');
    const other = new Registry();
    const metric = { name: 'rxjs_threading_pool_starved', help: '', type: 'gauge', get: async () => ({}) };
    other.registerMetric(metric as never);
    expect(() => registerMetrics(other)).toThrow('rxjs_threading_pool_starved');
    expect(other.getMetricsAsArray()).toEqual([metric]);
  });
});

describe('a count of 32 bits that begins again', () => {
  const LAST = 2 ** 32 - 10;

  it('goes on in a sum of many, and one that fell by less adds nothing', () => {
    const totals = new Totals();
    for (const [value, sum] of [
      [LAST, LAST],
      [5, LAST + 15],
      [3, LAST + 15],
    ] as const) {
      totals.count([{ id: 1, labels: {}, values: [value] }]);
      expect(totals.samples(counter(0))).toMatchObject([{ value: sum }]);
    }
  });

  it('is a rise on the page', () => {
    const history = new History();
    history.tick(1000, { threads: new Map(), pools: new Map(), deadlocks: () => [] });
    history.pool(
      { ...pool(1, 'a'), completed: 5, failed: 0, cancelled: 0 },
      { ...pool(1, 'a'), completed: LAST, failed: 0, cancelled: 0 },
    );
    history.tick(2000, { threads: new Map(), pools: new Map(), deadlocks: () => [] });
    expect(history.jobs.values.at(-1)).toBe(15);
    const usages = new Usages();
    const taken = (acquires: number): PrimitiveInfo => {
      const one = lock(1, 'a');
      return { ...one, contention: { ...one.contention, acquires } };
    };
    usages.seen(taken(LAST));
    usages.tick(1000, [taken(LAST)]);
    usages.tick(2000, [taken(5)]);
    expect(usages.rate(1)).toBe(7.5);
  });
});
