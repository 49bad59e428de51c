import { lastValueFrom, range, Subject, toArray } from 'rxjs';
import { Event, ThreadPool, threadMap, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { sleep } from '../support/random.js';
import { until } from '../support/turns.js';

const jobs = threadModule<typeof import('../fixtures/pool-jobs.js')>(
  new URL('../fixtures/pool-jobs.js', import.meta.url),
);
const identity = (n: number): number => n;
const spin = (n: number): number => {
  const end = performance.now() + 2;
  while (performance.now() < end);
  return n;
};

describe('a threadMap that a pool has taken', () => {
  it('goes on after the job that it made way for, though that filled the queue', async () => {
    const pool = new ThreadPool({ maxThreads: 1, maxQueue: 1 });
    const mapped = lastValueFrom(range(0, 200).pipe(threadMap(spin, { pool }), toArray()));
    await until(() => pool.stats.busy === 1);
    const others: Promise<unknown>[] = [];
    for (let n = 0; n < 5; n++) {
      await until(() => pool.stats.queued === 0);
      others.push(pool.run(identity, [n]).then((value) => value));
      await sleep(20);
    }
    expect(await mapped).toEqual(Array.from({ length: 200 }, (_, n) => n));
    expect(await Promise.all(others)).toEqual([0, 1, 2, 3, 4]);
    await pool.close();
  });

  it('waits after its own rest, when others have filled the queue meanwhile', async () => {
    const pool = new ThreadPool({ maxThreads: 1, maxQueue: 1 });
    const source = new Subject<number>();
    const seen: number[] = [];
    const errors: unknown[] = [];
    source.pipe(threadMap(identity, { pool })).subscribe({
      next: (value) => seen.push(value),
      error: (error) => errors.push(error),
    });
    source.next(1);
    await until(() => seen.length === 1 && pool.stats.busy === 0);
    const [begun, gate] = [new Event(), new Event()];
    const holder = pool.run(jobs.hold, [begun, gate]).then();
    const behind = pool.run(identity, [5]).then();
    await begun.wait();
    source.next(2);
    await sleep(30);
    expect(errors).toEqual([]);
    gate.set();
    await until(() => seen.length === 2 || errors.length > 0);
    expect({ seen, errors }).toEqual({ seen: [1, 2], errors: [] });
    await Promise.all([holder, behind]);
    source.complete();
    await pool.close();
  });

  it('is refused, as any job, when it comes to a full queue', async () => {
    const pool = new ThreadPool({ maxThreads: 1, maxQueue: 0 });
    const [begun, gate] = [new Event(), new Event()];
    const holder = pool.run(jobs.hold, [begun, gate]).then();
    await begun.wait();
    await expect(lastValueFrom(range(0, 3).pipe(threadMap(identity, { pool })))).rejects.toMatchObject({
      code: 'ERR_POOL',
    });
    gate.set();
    await holder;
    await pool.close();
  });
});
