import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { metrics, trace } from '@opentelemetry/api';
import { type DataPoint, type Histogram, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { Event, Lock, ThreadPool, threadModule } from 'rxjs-threading';
import { instrument } from 'rxjs-threading/monitor';
import { Machines } from 'rxjs-threading/redis';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as here from '../fixtures/monitor/spans.js';
import { installed } from '../support/installed.js';
import { until } from '../support/turns.js';

const there = threadModule<typeof here>(new URL('../fixtures/monitor/spans.js', import.meta.url));
type Span = ReturnType<typeof here.spans>[number];

afterAll(() => here.stop());

describe('instrument', () => {
  let pool: ThreadPool;
  beforeEach(() => {
    pool = new ThreadPool({ name: 'traced', maxThreads: 1 });
  });
  afterEach(() => pool.close());
  const spansThere = async (): Promise<Span[]> => (await pool.run(there.spans)) as Span[];
  const named = (spans: readonly Span[], name: string): Span | undefined =>
    spans.find((one) => one.name === name);

  it('has a span for a target, child of that of its starter, and parent of those of the target', async () => {
    const tracer = trace.getTracer('test');
    const started = await tracer.startActiveSpan('starter', async (span) => {
      await pool.run(there.work, [], { name: 'worker' });
      span.end();
      return span.spanContext();
    });
    const spans = await spansThere();
    const run = named(spans, 'run work');
    expect(run).toMatchObject({ parent: started.spanId, trace: started.traceId, failed: false });
    expect(run?.attributes).toMatchObject({ 'thread.name': 'worker', 'code.function.name': 'work' });
    expect(named(spans, 'inner')).toMatchObject({ parent: run?.id, trace: started.traceId });
  });

  it('has none for what was started without one as parent, and marks what fails', async () => {
    await expect(pool.run(there.fail)).rejects.toThrow('it failed');
    expect(named(await spansThere(), 'run fail')).toMatchObject({ parent: undefined, failed: true });
  });

  it('has a span for a wait that lasts, in the thread that waits', async () => {
    const [lock, begun] = [new Lock({ name: 'slow' }), new Event()];
    await lock.acquire();
    const job = pool.run(there.waitFor, [lock, begun]).then();
    await begun.wait();
    await until(() => lock.waiting > 0);
    const mine = lock.acquire().then(() => lock.release());
    await sleep(50);
    lock.release();
    await Promise.all([job, mine]);
    const spans = await spansThere();
    const wait = named(spans, 'wait slow');
    expect(wait?.ms).toBeGreaterThanOrEqual(40);
    expect(wait?.parent).toBe(named(spans, 'run waitFor')?.id);
    expect(wait?.attributes).toMatchObject({
      'rxjs_threading.lock.kind': 'Lock',
      'rxjs_threading.wait.outcome': 'woken',
    });
    expect(named(here.spans(), 'wait slow')?.attributes).toMatchObject({
      'rxjs_threading.lock.name': 'slow',
    });
  });

  it('measures a wait by a clock that nobody sets', async () => {
    const lock = new Lock({ name: 'set' });
    await lock.acquire();
    /** Returns the ms that it took, at most. */
    const wait = (): number => {
      const began = performance.now();
      const waiting = lock.acquire().subscribe();
      vi.setSystemTime(Date.now() + 3_600_000);
      waiting.unsubscribe();
      vi.setSystemTime(Date.now() - 7_200_000);
      return performance.now() - began;
    };
    let before: number;
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      // Again where the machine stood still meanwhile: that wait has lasted.
      do before = here.spans().length;
      while (wait() > here.WAITS_OVER);
    } finally {
      vi.useRealTimers();
    }
    expect(here.spans()).toHaveLength(before);
    const waiting = lock.acquire().subscribe();
    await sleep(40);
    waiting.unsubscribe();
    lock.release();
    const [span] = here.spans().slice(before);
    expect(span?.name).toBe('wait set');
    expect(Math.abs((span?.started ?? 0) + (span?.ms ?? 0) - Date.now())).toBeLessThan(1000);
  });

  it('ends when it is told to, and a second takes the place of the first', async () => {
    const before = here.spans().length;
    const again = instrument({ waitsOver: 0 });
    const lock = new Lock({ name: 'once' });
    await lock.acquire();
    const waits = async (): Promise<void> => {
      const waiting = lock.acquire().subscribe();
      await sleep(5);
      waiting.unsubscribe();
    };
    await waits();
    expect(
      here
        .spans()
        .slice(before)
        .map(({ name }) => name),
    ).toEqual(['wait once']);
    again();
    again();
    await waits();
    expect(here.spans()).toHaveLength(before + 1);
  });

  it('refuses what is no duration', () => {
    expect(() => instrument({ waitsOver: -1 })).toThrow(RangeError);
    expect(() => instrument({ waitsOver: '5' as never })).toThrow(TypeError);
    expect(() => instrument({ waits: 5 } as never)).toThrow(/there is no option waits/);
  });
});

/** Gives what is measured when it is asked to, as a reader of Prometheus' would. */
class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}

  /** The data points of a metric; of one that is there. */
  async read(name: string): Promise<DataPoint<unknown>[]> {
    const { resourceMetrics, errors } = await this.collect();
    expect(errors).toEqual([]);
    const metric = resourceMetrics.scopeMetrics
      .filter(({ scope }) => scope.name === 'rxjs-threading')
      .flatMap((scope) => scope.metrics)
      .find(({ descriptor }) => descriptor.name === `rxjs_threading.${name}`);
    return metric?.dataPoints ?? [];
  }
}

describe('instrument, for metrics', () => {
  let reader: Reader;
  let provider: MeterProvider;
  let stop: () => void;
  beforeEach(() => {
    reader = new Reader();
    provider = new MeterProvider({ readers: [reader] });
    metrics.setGlobalMeterProvider(provider);
    stop = instrument();
  });
  afterEach(async () => {
    stop();
    metrics.disable();
    await provider.shutdown();
  });

  it('measures waits and jobs of this thread, and counts threads and workers, until it is ended', async () => {
    await using pool = new ThreadPool({ name: 'measured', maxThreads: 1 });
    const lock = new Lock({ name: 'measured too' });
    await lock.acquire();
    expect(await lock.acquire({ timeout: 1 })).toBe(false);
    const waits = lock.acquire().then();
    const attributes = { lock: 'measured too', kind: 'Lock' };
    expect(await reader.read('lock.waiters')).toContainEqual(
      expect.objectContaining({ attributes, value: 1 }),
    );
    await Promise.all([1, 2, 3].map((ms) => pool.run((n: number) => n, [ms])));
    lock.release();
    await waits;
    const jobs = { attributes: { pool: 'measured' }, value: { count: 3, min: expect.any(Number) } };
    expect(await reader.read('pool.job.duration')).toMatchObject([jobs]);
    expect(await reader.read('pool.job.wait_time')).toMatchObject([jobs]);
    const [{ value: { max } = {} }] = (await reader.read('pool.job.duration')) as [DataPoint<Histogram>];
    expect(max).toBeLessThan(60);
    expect(await reader.read('lock.contended')).toMatchObject([{ attributes, value: 2 }]);
    expect(await reader.read('lock.wait.duration')).toMatchObject([{ attributes, value: { count: 2 } }]);
    expect(await reader.read('lock.timeouts')).toContainEqual(
      expect.objectContaining({ attributes, value: 1 }),
    );
    expect(await reader.read('pool.jobs')).toContainEqual(
      expect.objectContaining({ attributes: { pool: 'measured', outcome: 'completed' }, value: 3 }),
    );
    const idle = { pool: 'measured', state: 'idle' };
    expect(await reader.read('pool.worker.count')).toContainEqual(
      expect.objectContaining({ attributes: idle, value: 1 }),
    );
    expect(await reader.read('pool.pending_jobs')).toMatchObject([
      { attributes: { pool: 'measured' }, value: 0 },
    ]);
    expect(await reader.read('thread.count')).toContainEqual(
      expect.objectContaining({ attributes: { state: 'running' }, value: 1 }),
    );
    stop();
    await pool.run((n: number) => n, [4]);
    expect(await reader.read('pool.job.duration')).toMatchObject([jobs]);
  });

  it('counts deadlocks, those between machines too', async () => {
    const counted = async (): Promise<unknown> =>
      (await reader.read('deadlock.count')).map(({ attributes: { certainty }, value }) => [certainty, value]);
    const none = [
      ['certain', 0],
      ['suspected', 0],
    ];
    expect(await counted()).toEqual(none);
    const namespace = `otel-${process.pid}`;
    const both = [1, 2].map(() => new Machines({ connection: 'memory', namespace }));
    for (const [at, machines] of both.entries()) await (await machines.open()).lock(`lock ${at}`).hold();
    const waits = both.map((machines, at) =>
      machines
        .lock(`lock ${1 - at}`)
        .hold()
        .subscribe(),
    );
    await expect.poll(counted, { timeout: 15_000 }).toEqual([
      ['certain', 0],
      ['suspected', 1],
    ]);
    for (const wait of waits) wait.unsubscribe();
    for (const machines of both) await machines.close();
    await expect.poll(counted, { timeout: 15_000 }).toEqual(none);
  });
});

describe('instrument without its package', () => {
  it('names it', () => {
    const program = `
      import { instrument } from 'rxjs-threading/monitor';
      try { instrument(); } catch (error) { console.log(error.name, error.code, error.message); }`;
    const told = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: installed(),
      encoding: 'utf8',
    });
    expect(told).toBe(
      'MissingPackageError ERR_MODULE_NOT_FOUND instrument needs the package @opentelemetry/api: npm install @opentelemetry/api\n',
    );
  });
});
