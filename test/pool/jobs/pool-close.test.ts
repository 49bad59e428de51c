import type { Worker } from 'node:worker_threads';
import { mergeMap } from 'rxjs';
import { Event, Thread, ThreadPool, threadModule, transfer } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { turns, until } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);
const identity = (n: number): number => n;

describe('close', () => {
  it('lets what runs and what is queued finish, then ends the workers', async () => {
    const pool = new ThreadPool({ maxThreads: 2 });
    const [begun, gate] = [new Event(), new Event()];
    const held = pool.run(jobs.hold, [begun, gate]).then();
    await begun.wait();
    const queued = Array.from({ length: 20 }, (_, n) => pool.run(identity, [n]).then((value) => value));
    const thread = new Thread({ target: identity, args: [99], pool }).start();
    const workers = pool.piscina.threads as readonly Worker[];
    let exits = 0;
    for (const worker of workers) worker.once('exit', () => exits++);
    const closed = pool.close();
    expect(pool.close()).toBe(closed);
    gate.set();
    await closed;
    expect(await held).toBe('held');
    expect(await Promise.all(queued)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(await thread.result()).toBe(99);
    expect(exits).toBe(workers.length);
    expect(pool.stats).toMatchObject({ threads: 0, busy: 0, queued: 0, completed: 22 });
  });

  it('of a pool that never ran anything ends it', async () => {
    const pool = new ThreadPool({ maxThreads: 1, minThreads: 1 });
    await pool.close();
    expect(pool.stats.threads).toBe(0);
    await pool.close();
  });

  it.each<[string, unknown[], number]>([
    ['plain', [], 0],
    ['cloned', [new Map()], 0],
    ['moving, to an idle worker', [transfer(new Uint8Array(1))], 1],
  ])(
    'waits for the job whose arguments are read as a getter of theirs calls it: %s',
    async (_, others, minThreads) => {
      const pool = new ThreadPool({ maxThreads: 1, minThreads, idleTimeout: Number.POSITIVE_INFINITY });
      if (minThreads > 0) await pool.warmUp();
      let closed: Promise<void> | undefined;
      const first = {
        get n() {
          closed ??= pool.close();
          return 7;
        },
      };
      expect(await pool.run((one: { n: number }) => one.n, [first, ...others] as never)).toBe(7);
      await closed;
      expect(pool.stats).toMatchObject({ threads: 0, busy: 0, completed: 1 });
    },
  );

  it('waits for a job that hangs until somebody gives that up', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const begun = new Event();
    const hung = pool.run(jobs.spin, [begun], { grace: 10 }).subscribe();
    await begun.wait();
    let closed = false;
    const closing = pool.close().then(() => {
      closed = true;
    });
    await turns(50);
    expect(closed).toBe(false);
    hung.unsubscribe();
    await closing;
    expect(pool.stats).toMatchObject({ cancelled: 1, threads: 0 });
  });

  it('refuses what jobs would run after them, clearly', async () => {
    const pool = new ThreadPool({ maxThreads: 1, name: 'shut' });
    const chain = pool
      .run(identity, [1])
      .pipe(mergeMap((n) => pool.run(identity, [n + 1], { name: 'next' })));
    const errors: unknown[] = [];
    chain.subscribe({ error: (error) => errors.push(error) });
    await pool.close();
    expect(errors).toMatchObject([
      { name: 'ThreadError', code: 'ERR_POOL', message: "shut is closed: it takes no 'next'" },
    ]);
    expect(() => new Thread({ target: () => 1, name: 'late', pool }).start()).toThrow(
      "shut is closed: it takes no 'late'",
    );
  });

  it('takes jobs that others run until then', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const seen: number[] = [];
    const next = (n: number): void => {
      pool.run(identity, [n]).subscribe((value) => {
        seen.push(value);
        if (n < 5) next(n + 1);
      });
    };
    next(1);
    await until(() => seen.length === 5);
    await pool.close();
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it('is what the end of its scope does', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const job = pool.run(identity, [1]).then((value) => value);
    await pool[Symbol.asyncDispose]();
    expect(await job).toBe(1);
    expect(pool.stats.threads).toBe(0);
  });
});
