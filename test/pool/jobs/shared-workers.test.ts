import { availableParallelism } from 'node:os';
import { Barrier, Event, ThreadPool, type ThreadPoolOptions } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { runNode } from '../../support/run-node.js';

const CORES = availableParallelism();
const MANY = CORES + 14;
/** Done at once, or when the others have come. */
const meet = (barrier: Barrier | null): number => barrier?.waitSync() ?? -1;
/** As `meet`, without a class that a worker has to load first. */
const gather = (cells: Int32Array | null, count: number): void => {
  if (cells === null) return;
  let here = Atomics.add(cells, 0, 1) + 1;
  for (; here < count; here = Atomics.load(cells, 0)) Atomics.wait(cells, 0, here, 50);
  Atomics.notify(cells, 0);
};
/** Its worker looks at no other job for 4 s, unless it is woken. */
const leaveBlock = (cells: Int32Array | null): void => {
  if (cells === null) return;
  void Promise.resolve().then(() => {
    Atomics.wait(cells, 0, 0, 4000);
    Atomics.add(cells, 1, 1);
  });
};
const hold = (gate: Event): boolean => gate.waitSync();

/** On a machine of one core: the first of two such jobs waits for the second. */
const ONE_CORE = `
  import { syncBuiltinESMExports } from 'node:module';
  import os from 'node:os';
  os.availableParallelism = () => 1;
  syncBuiltinESMExports();
  const { Barrier, ThreadPool } = await import('rxjs-threading');
  const meet = (barrier) => barrier?.waitSync() ?? -1;
  const pool = new ThreadPool({ maxThreads: 4 });
  for (let run = 0; run < 300; run++) await pool.run(meet, [null]);
  const barrier = new Barrier(2);
  const places = [pool.run(meet, [barrier]).then(), pool.run(meet, [barrier]).then()];
  console.log((await Promise.all(places)).sort().join());
  await pool.close();`;

/** A pool of more workers than there are cores, which knows that `meet` is done at once. */
async function poolOfMany(options: ThreadPoolOptions = {}): Promise<ThreadPool> {
  const pool = new ThreadPool({ ...options, minThreads: MANY, maxThreads: MANY });
  await pool.warmUp();
  for (let run = 0; run < 300; run++) await pool.run(meet, [null]);
  return pool;
}

describe('jobs that take less time than to wake a worker', () => {
  it('go to the workers that have the cores', async () => {
    const pool = await poolOfMany();
    const ends = Array.from({ length: 2 * MANY }, () => pool.run(meet, [null]).then());
    expect(pool.stats).toMatchObject({ threads: MANY, busy: CORES, queued: 2 * MANY - CORES });
    expect(await Promise.all(ends)).toEqual(new Array(2 * MANY).fill(-1));
    await pool.close();
  });

  it('all run at once where they wait for each other after all', async () => {
    const pool = await poolOfMany();
    const barrier = new Barrier(MANY);
    const places = await Promise.all(Array.from({ length: MANY }, () => pool.run(meet, [barrier])));
    expect(places.sort((a, b) => a - b)).toEqual(Array.from({ length: MANY }, (_, place) => place));
    await pool.close();
  });

  it('go to ever more workers where they wait for each other', async () => {
    const count = CORES + 30;
    const pool = new ThreadPool({ minThreads: count, maxThreads: count });
    await pool.warmUp();
    for (let run = 0; run < 300; run++) await pool.run(gather, [null, 0]);
    const cells = new Int32Array(new SharedArrayBuffer(4));
    const busy: number[] = [];
    const watching = pool.stats$.subscribe((stats) => busy.push(stats.busy));
    await Promise.all(Array.from({ length: count }, () => pool.run(gather, [cells, count]).then()));
    watching.unsubscribe();
    const steps = busy.map((now, at) => now - (busy[at - 1] ?? 0));
    expect(Math.max(...steps)).toBeGreaterThan(2 * CORES);
    await pool.close();
  });

  it('do not wait for workers that earlier ones block after their end, where others may be started', async () => {
    const pool = new ThreadPool({ minThreads: CORES, maxThreads: CORES + 1 });
    await pool.broadcast(leaveBlock, [null]);
    for (let run = 0; run < 300; run++) await pool.run(leaveBlock, [null]);
    const cells = new Int32Array(new SharedArrayBuffer(8));
    const jobs = Array.from({ length: 3 * CORES }, (_, n) =>
      pool.run(leaveBlock, [n < CORES ? cells : null]),
    );
    await Promise.all(jobs);
    expect(Atomics.load(cells, 1)).toBe(0);
    Atomics.store(cells, 0, 1);
    Atomics.notify(cells, 0);
    await pool.close();
  });

  it('all run at once where one core has one worker', async () => {
    const { stdout } = await runNode(['--input-type=module', '-e', ONE_CORE]);
    expect(stdout).toBe('0,1\n');
  });

  it('do not share where they would fail for having waited', async () => {
    const pool = await poolOfMany();
    const ends = Array.from({ length: CORES + 1 }, () => pool.run(meet, [null]).then());
    const hurried = pool.run(meet, [null], { waitTimeout: 60_000 }).then();
    expect(pool.stats).toMatchObject({ busy: CORES, queued: 2 });
    const hurries = pool.run(meet, [null], { waitTimeout: 49 }).then();
    expect(pool.stats).toMatchObject({ busy: CORES + 1, queued: 2 });
    expect(await Promise.all([...ends, hurried])).toEqual(new Array(CORES + 2).fill(-1));
    // A worker of a busy machine may wake too late.
    await Promise.allSettled([hurries]);
    await pool.close();
  });

  it('share with no job of which nobody knows how long it takes', async () => {
    const pool = await poolOfMany();
    const ends = Array.from({ length: CORES + 1 }, () => pool.run(meet, [null]).then());
    const unknown = pool.run(() => 0).then();
    expect(pool.stats).toMatchObject({ busy: CORES + 1, queued: 1 });
    expect(await Promise.all([...ends, unknown])).toEqual([...new Array(CORES + 1).fill(-1), 0]);
    await pool.close();
  });

  it('go to idle workers where no more may queue', async () => {
    const pool = await poolOfMany({ maxQueue: 3 });
    const ends = Array.from({ length: 2 * MANY }, () => pool.run(meet, [null]).then());
    expect(pool.stats).toMatchObject({ busy: MANY, queued: 3 });
    const how = await Promise.allSettled(ends);
    expect(how.filter(({ status }) => status === 'fulfilled')).toHaveLength(MANY + 3);
    await pool.close();
  });

  it('do not wait for one that runs for long, nor for lower ones', async () => {
    const pool = await poolOfMany();
    const gate = new Event();
    const held = Array.from({ length: CORES }, () => pool.run(hold, [gate]).then());
    const high = pool.run(meet, [null], { priority: 1 }).then();
    expect(await Promise.all([pool.run(meet, [null]), high])).toEqual([-1, -1]);
    gate.set();
    expect(await Promise.all(held)).toEqual(new Array(CORES).fill(true));
    await pool.close();
  });
});
