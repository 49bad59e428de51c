import { Event, ThreadPool, threadModule, transfer } from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);
const identity = (n: number): number => n;

describe('the jobs of a broadcast that wait for a worker that is taken', () => {
  let begun: Event;
  let gate: Event;
  beforeEach(() => {
    begun = new Event();
    gate = new Event();
  });
  afterEach(() => gate.set());

  it('may be any number, and are queued until it is free', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const held = pool.run(jobs.hold, [begun, gate]).then((value) => value);
    await begun.wait();
    // More than the ring of a session has words.
    const count = 600;
    const all = Promise.all(
      Array.from({ length: count }, (_, n) => pool.broadcast(identity, [n]).then(([told]) => told)),
    );
    expect(pool.stats).toMatchObject({ busy: 1, queued: count });
    gate.set();
    expect(await held).toBe('held');
    expect(await all).toEqual(Array.from({ length: count }, (_, n) => n));
    expect(pool.stats).toMatchObject({ busy: 0, queued: 0, completed: count + 1 });
  });

  it('are left out when it is killed, which they do not keep from happening', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const job = pool.run(jobs.spin, [begun], { grace: 20 }).subscribe();
    await begun.wait();
    const told = pool.broadcast(identity, [1]).then((values) => values);
    job.unsubscribe();
    expect(await told).toEqual([]);
    expect(await pool.run(identity, [2])).toBe(2);
    expect(pool.stats).toMatchObject({ busy: 0, queued: 0, completed: 1, cancelled: 2 });
  });

  it('are left out when it is replaced after that job', async () => {
    await using pool = new ThreadPool({ maxThreads: 1, maxJobs: 1 });
    const held = pool.run(jobs.hold, [begun, gate]).then((value) => value);
    await begun.wait();
    const told = pool.broadcast(identity, [1]).then((values) => values);
    gate.set();
    expect(await told).toEqual([]);
    expect(await held).toBe('held');
    expect(await pool.run(identity, [2])).toBe(2);
  });

  it('can be left', async () => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const held = pool.run(jobs.hold, [begun, gate]).then((value) => value);
    await begun.wait();
    pool.broadcast(identity, [1]).subscribe().unsubscribe();
    expect(pool.stats).toMatchObject({ queued: 0, cancelled: 1 });
    const told = pool.broadcast(identity, [3]).then((values) => values);
    gate.set();
    expect(await told).toEqual([3]);
    await held;
  });
});

it('a broadcast refuses what moves before anything has moved', async () => {
  await using pool = new ThreadPool({ minThreads: 2, maxThreads: 2 });
  const bytes = new Uint8Array(8);
  expect(() => pool.broadcast((b: Uint8Array) => b.length, [transfer(bytes)])).toThrow(
    'broadcast takes nothing that moves, as that can go to one worker, got Uint8Array(8)',
  );
  expect(bytes.length).toBe(8);
});
