import { lastValueFrom, reduce, take, toArray } from 'rxjs';
import { ThreadPool, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { heapUsed } from '../../support/collect-garbage.js';

const { spin } = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);
const double = (n: number): number => n * 2;

function* naturals(made: { last: number; returned: boolean }): Generator<number> {
  try {
    for (made.last = 0; ; made.last++) yield made.last;
  } finally {
    made.returned = true;
  }
}

describe('ThreadPool.map', () => {
  it('maps what an iterable gives, in order', async () => {
    await using pool = new ThreadPool({ maxThreads: 2 });
    const values = Array.from({ length: 1000 }, (_, n) => n);
    expect(await lastValueFrom(pool.map(values, double).pipe(toArray()))).toEqual(values.map(double));
    expect(await lastValueFrom(pool.map(new Set([3, 1]), double).pipe(toArray()))).toEqual([6, 2]);
  });

  it('pulls an async iterable, in no order if that is asked for', async () => {
    await using pool = new ThreadPool({ maxThreads: 2 });
    async function* slowly(): AsyncGenerator<number> {
      for (let n = 0; n < 50; n++) {
        await new Promise((resolve) => setImmediate(resolve));
        yield n;
      }
    }
    const all = await lastValueFrom(
      pool.map(slowly(), double, { ordered: false, buffer: 4 }).pipe(toArray()),
    );
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => 2 * n));
  });

  it('asks an endless generator for no more than there is room for, and tells it to return', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const made = { last: 0, returned: false };
    const mapped = pool.map(naturals(made), double, { buffer: 8 });
    expect(made.last).toBe(0);
    expect(await lastValueFrom(mapped.pipe(take(5), toArray()))).toEqual([0, 2, 4, 6, 8]);
    expect(made.returned).toBe(true);
    expect(made.last).toBeLessThan(5 + 8);
  });

  it('holds no more of a hundred thousand values than its buffer', async () => {
    await using pool = new ThreadPool({ maxThreads: 2 });
    const count = 100_000;
    let most = 0;
    function* counted(): Generator<number> {
      for (let n = 0; n < count; n++) {
        if (n % 10_000 === 0) most = Math.max(most, heapUsed());
        yield n;
      }
    }
    const before = heapUsed();
    const sum = await lastValueFrom(pool.map(counted(), double).pipe(reduce((a, b) => a + b, 0)));
    expect(sum).toBe(count * (count - 1));
    expect(most - before).toBeLessThan(4 * 2 ** 20);
  });

  it('runs in its own pool, and fails as threadMap does', async () => {
    await using pool = new ThreadPool({ maxThreads: 1, name: 'mapping' });
    const fails = (n: number): number => {
      if (n === 3) throw new RangeError('three');
      return n;
    };
    await expect(lastValueFrom(pool.map([1, 2, 3, 4], fails))).rejects.toThrow('three');
    const skipped = pool.map([1, 2, 3, 4], fails, { onError: () => 'skip' });
    expect(await lastValueFrom(skipped.pipe(toArray()))).toEqual([1, 2, 4]);
    expect(pool.stats.completed + pool.stats.cancelled + pool.stats.failed).toBeGreaterThan(0);
  });

  it('is left by unsubscribing, whatever runs', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const { Event } = await import('rxjs-threading');
    const begun = new Event();
    const subscription = pool.map([begun], spin, { grace: 0 }).subscribe();
    await begun.wait();
    subscription.unsubscribe();
    expect(await pool.run(double, [21])).toBe(42);
  });

  it.each([
    [() => [5, double], 'must be an iterable'],
    [() => [[1], 'double'], 'target'],
    [() => [[1], double, { pool: 1 }], 'there is no option pool'],
    [() => [[1], double, { buffer: 0 }], 'buffer must be a whole number'],
  ])('refuses what is none', async (bad, message) => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    expect(() => (pool.map as (...args: unknown[]) => unknown).apply(pool, bad())).toThrow(message);
  });

  it('is refused by a pool that is closed', async () => {
    const pool = new ThreadPool({ maxThreads: 1, name: 'shut' });
    await pool.close();
    expect(() => pool.map([1], double)).toThrow(expect.objectContaining({ code: 'ERR_POOL' }));
  });
});
