import { Event, ThreadPool, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { DurationHistogram } from '../../../src/pool/jobs/job-counters.js';
import { collectGarbage } from '../../support/collect-garbage.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);

/** Sorted, as the definition of a percentile has it. */
function exact(times: readonly number[], percent: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.ceil((percent / 100) * sorted.length) - 1] as number;
}

describe('durations', () => {
  it.each<[string, (n: number) => number]>([
    ['even ones', (n) => n / 10],
    ['equal ones', () => 12.5],
    ['short ones with a long tail', (n) => (n % 50 === 0 ? 1000 + n : 0.05 + (n % 7) / 100)],
    ['ones over nine orders of magnitude', (n) => 10 ** ((n % 91) / 10 - 3)],
  ])('of %s: mean and maximum exact, percentiles within 1 %%', (_, time) => {
    const durations = new DurationHistogram();
    const times = Array.from({ length: 10_000 }, (_, n) => time(n));
    for (const one of times) durations.record(one);
    const { mean, p50, p99, max } = durations.stats;
    expect(mean).toBeCloseTo(times.reduce((sum, one) => sum + one, 0) / times.length, 6);
    expect(max).toBe(Math.max(...times));
    // 1 % and the µs that it counts in.
    for (const [found, percent] of [
      [p50, 50],
      [p99, 99],
    ] as const) {
      const sought = exact(times, percent);
      expect(Math.abs(found - sought)).toBeLessThanOrEqual(sought / 100 + 0.001);
    }
  });

  it('of nothing are 0', () => {
    expect(new DurationHistogram().stats).toEqual({ mean: 0, p50: 0, p99: 0, max: 0 });
  });

  it('that are no durations at all harm nothing', () => {
    const durations = new DurationHistogram();
    for (const time of [-5, 0, 1e15]) durations.record(time);
    const { p50, p99, max } = durations.stats;
    expect(p50).toBeLessThanOrEqual(0.001);
    expect(max).toBe(1e15);
    expect(p99).toBeGreaterThan(1e9);
  });

  it('of three million take no memory', () => {
    const durations = new DurationHistogram();
    const record = (): void => {
      for (let n = 0; n < 1_500_000; n++) durations.record((n * 7919) % 100_000);
    };
    record();
    collectGarbage();
    const before = process.memoryUsage();
    record();
    collectGarbage();
    const after = process.memoryUsage();
    expect(after.heapUsed - before.heapUsed).toBeLessThan(500_000);
    expect(after.external - before.external).toBeLessThan(500_000);
  });
});

describe('times of a pool', () => {
  it('are those that its jobs waited and ran, whatever main did meanwhile', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    await pool.run(() => {});
    const begun = new Event();
    const all = [0, 1].map(() => pool.run(jobs.sleepFor, [100]).then());
    const last = pool.run((event: Event) => event.set(), [begun]).then();
    // Main hears of the ends long after.
    const end = performance.now() + 150;
    while (performance.now() < end);
    await Promise.all([...all, last]);
    const { runTime, waitTime } = pool.stats;
    expect(runTime.max).toBeGreaterThanOrEqual(100);
    expect(runTime.mean).toBeGreaterThanOrEqual(50);
    // The second waited for the first, the last for both.
    expect(waitTime.max).toBeGreaterThanOrEqual(200);
    expect(waitTime.max).toBe(Math.max(waitTime.max, waitTime.p99, waitTime.p50));
    await pool.close();
  });

  it('count no job that never began', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const [begun, gate] = [new Event(), new Event()];
    const held = pool.run(jobs.hold, [begun, gate]).then();
    await begun.wait();
    pool
      .run(() => 1)
      .subscribe()
      .unsubscribe();
    expect(pool.stats).toMatchObject({ cancelled: 1, waitTime: { max: 0 }, runTime: { max: 0 } });
    gate.set();
    await held;
    expect(pool.stats.runTime.max).toBeGreaterThan(0);
    await pool.close();
  });
});
