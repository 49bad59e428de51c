import { Event, ThreadPool, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);
const identity = (n: number): number => n;

/** A pool whose workers are all taken, and what frees them. */
async function full(
  maxThreads: number,
): Promise<{ pool: ThreadPool; gates: Event[]; ends: Promise<unknown>[] }> {
  const pool = new ThreadPool({ maxThreads, name: 'full' });
  const gates = Array.from({ length: maxThreads }, () => new Event());
  const begun = gates.map(() => new Event());
  const ends = gates.map((gate, n) => pool.run(jobs.hold, [begun[n] as Event, gate]).then((value) => value));
  for (const event of begun) await event.wait();
  return { pool, gates, ends };
}

describe('room', () => {
  it('is there while a worker is free', async () => {
    await using pool = new ThreadPool({ maxThreads: 2 });
    expect(await pool.room({ timeout: 0 })).toBe(true);
  });

  it('comes when a worker gets free, for one after the other', async () => {
    const { pool, gates, ends } = await full(2);
    const told: string[] = [];
    const take = (name: string) =>
      pool.room().subscribe(() => {
        told.push(name);
        ends.push(pool.run(jobs.hold, [new Event(), gates[1] as Event]).then((value) => value));
      });
    take('a');
    take('b');
    expect(await pool.room({ timeout: 10 })).toBe(false);
    gates[0]?.set();
    await until(() => told.length === 1);
    await pool.room({ timeout: 30 });
    expect(told).toEqual(['a']);
    expect(pool.stats).toMatchObject({ busy: 2, queued: 0 });
    gates[1]?.set();
    await until(() => told.length === 2);
    await Promise.all(ends);
    await pool.close();
  });

  it('with a buffer is there while fewer are queued', async () => {
    const { pool, gates, ends } = await full(1);
    for (let n = 0; n < 3; n++) {
      expect(await pool.room({ buffer: 3, timeout: 0 })).toBe(true);
      ends.push(pool.run(identity, [n]).then((value) => value));
    }
    expect(await pool.room({ buffer: 3, timeout: 5 })).toBe(false);
    expect(await pool.room({ buffer: 4, timeout: 0 })).toBe(true);
    gates[0]?.set();
    await Promise.all(ends);
    await pool.close();
  });

  it('is given up by unsubscribing and by the signal', async () => {
    const { pool, gates, ends } = await full(1);
    const told: string[] = [];
    pool
      .room()
      .subscribe(() => told.push('left'))
      .unsubscribe();
    const abort = new AbortController();
    const aborted = pool.room({ signal: abort.signal }).then(() => {});
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const stays = pool.room().then(() => told.push('stays'));
    gates[0]?.set();
    await stays;
    expect(told).toEqual(['stays']);
    await Promise.all(ends);
    await pool.close();
  });

  it('is refused by a pool that is closed, also to who waits', async () => {
    const { pool, gates, ends } = await full(1);
    const waits = pool.room().then(() => {});
    const closed = pool.close();
    await expect(waits).rejects.toMatchObject({
      code: 'ERR_POOL',
      message: 'full is closed: there is no room in it',
    });
    await expect(pool.room().then(() => {})).rejects.toMatchObject({ code: 'ERR_POOL' });
    gates[0]?.set();
    await Promise.all([...ends, closed]);
  });

  it('keeps a loop that makes jobs from holding more than it needs', async () => {
    await using pool = new ThreadPool({ maxThreads: 2 });
    const done: number[] = [];
    let most = 0;
    for (let n = 0; n < 2000; n++) {
      await pool.room({ buffer: 16 });
      void pool.run(identity, [n]).then((value) => done.push(value));
      most = Math.max(most, pool.stats.queued);
    }
    await until(() => done.length === 2000);
    expect(most).toBeLessThanOrEqual(16);
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 2000 }, (_, n) => n));
  });

  it.each([
    [{ buffer: -1 }, 'buffer must be a whole number from 0 to 2147483648, got -1'],
    [{ timeout: -1 }, 'timeout must be 0 ms or more, got -1'],
    [{ size: 1 }, 'there is no option size: timeout, signal, buffer are known, got { size: 1 }'],
  ])('refuses %j', async (options, message) => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    expect(() => pool.room(options as object)).toThrow(message);
  });
});

describe('room$', () => {
  it('tells how many jobs would begin at once', async () => {
    const { pool, gates, ends } = await full(2);
    const told: number[] = [];
    const watching = pool.room$.subscribe((count) => told.push(count));
    gates[0]?.set();
    await until(() => told.at(-1) === 1);
    gates[1]?.set();
    await until(() => told.at(-1) === 2);
    expect(told).toEqual([0, 1, 2]);
    watching.unsubscribe();
    await Promise.all(ends);
    await pool.close();
  });
});
