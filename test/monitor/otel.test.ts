import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { metrics, trace } from '@opentelemetry/api';
import { Event, Lock, ThreadPool, threadModule } from 'rxjs-threading';
import { instrument } from 'rxjs-threading/monitor';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as here from '../fixtures/monitor/spans.js';
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
    expect(metrics.getMeter('x')).toBeDefined();
  });
});

/** Keeps what is measured with the instruments that it makes; of those that are asked it asks as a reader would. */
class Meter {
  readonly measured = new Map<string, { readonly value: number; readonly attributes: object }[]>();
  readonly #looks = new Set<(result: { observe(...all: unknown[]): void }) => void>();

  #instrument(name: string): object {
    const values: { readonly value: number; readonly attributes: object }[] = [];
    this.measured.set(name, values);
    const measure = (value: number, attributes: object): void => void values.push({ value, attributes });
    return { name, add: measure, record: measure };
  }

  createCounter = (name: string): object => this.#instrument(name);
  createHistogram = (name: string): object => this.#instrument(name);
  createObservableUpDownCounter = (name: string): object => this.#instrument(name);

  addBatchObservableCallback(look: never): void {
    this.#looks.add(look);
  }

  removeBatchObservableCallback(look: never): void {
    this.#looks.delete(look);
  }

  read(): void {
    const observe = (of: { name: string }, value: number, attributes: object): void =>
      void this.measured.get(of.name)?.push({ value, attributes });
    for (const look of this.#looks) look({ observe: observe as never });
  }
}

describe('instrument, for metrics', () => {
  it('measures waits and jobs of this thread, and counts threads and workers, until it is ended', async () => {
    const meter = new Meter();
    metrics.setGlobalMeterProvider({ getMeter: () => meter as never });
    const stop = instrument();
    await using pool = new ThreadPool({ name: 'measured', maxThreads: 1 });
    const lock = new Lock({ name: 'measured too' });
    await lock.acquire();
    const waits = lock.acquire().then();
    await Promise.all([1, 2, 3].map((ms) => pool.run((n: number) => n, [ms])));
    lock.release();
    await waits;
    meter.read();
    const told = (name: string) => meter.measured.get(`rxjs_threading.${name}`) ?? [];
    for (const name of ['pool.job.duration', 'pool.job.wait_time']) {
      expect(told(name).map(({ attributes }) => attributes)).toEqual(Array(3).fill({ pool: 'measured' }));
      for (const { value } of told(name)) expect(value).toBeLessThan(60);
    }
    const lockOf = { lock: 'measured too', kind: 'Lock' };
    expect(told('lock.contended')).toEqual([{ value: 1, attributes: lockOf }]);
    expect(told('lock.wait.duration')).toEqual([{ value: expect.any(Number), attributes: lockOf }]);
    expect(told('pool.worker.count')).toContainEqual({
      value: 1,
      attributes: { pool: 'measured', state: 'idle' },
    });
    expect(told('pool.pending_jobs')).toContainEqual({ value: 0, attributes: { pool: 'measured' } });
    expect(told('thread.count').length).toBeGreaterThan(0);
    stop();
    await pool.run((n: number) => n, [4]);
    expect(told('pool.job.duration')).toHaveLength(3);
    metrics.disable();
  });
});

describe('instrument without its package', () => {
  it('names it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'no-otel-'));
    const root = join(import.meta.dirname, '../..');
    const modules = join(folder, 'node_modules');
    mkdirSync(join(modules, 'rxjs-threading'), { recursive: true });
    cpSync(join(root, 'dist'), join(modules, 'rxjs-threading/dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(modules, 'rxjs-threading/package.json'));
    for (const name of ['rxjs', 'piscina', 'tslib'])
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
    const program = `
      import { instrument } from 'rxjs-threading/monitor';
      try { instrument(); } catch (error) { console.log(error.name, error.code, error.message); }`;
    const told = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: folder,
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    expect(told).toBe(
      'MissingPackageError ERR_MODULE_NOT_FOUND instrument needs the package @opentelemetry/api: npm install @opentelemetry/api\n',
    );
  });
});
