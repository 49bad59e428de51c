import { Event, getIdent, Lock, sleepSync, Thread, ThreadPool, waits } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { poolFacts } from '../../../src/primitives/threads/pool-records.js';
import {
  factsOfThread,
  type ThreadFacts,
  threadFacts,
} from '../../../src/primitives/threads/thread-facts.js';
import { collectGarbage } from '../../support/collect-garbage.js';

const main = getIdent();

async function until<T>(found: () => T | undefined): Promise<T> {
  for (;;) {
    const value = found();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function clock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

const facts = ({ ident }: { readonly ident: number | null }): ThreadFacts =>
  factsOfThread(ident ?? 0) as ThreadFacts;

describe('what the table tells of a thread', () => {
  it('of main', () => {
    expect(factsOfThread(main)).toMatchObject({
      name: 'MainThread',
      kind: 'main',
      state: 'running',
      runs: null,
      pool: null,
      startedBy: null,
      sleeps: null,
    });
  });

  it('of a Thread: what it runs, who started it, since when, and its end', async () => {
    const before = Math.floor(clock());
    const gate = new Event();
    const target = function guard(gate: Event) {
      gate.waitSync();
    };
    const thread = new Thread({ target, args: [gate], name: 'sentry', daemon: true }).start();
    const told = { name: 'sentry', kind: 'thread', startedBy: main, daemon: true, pool: null } as const;
    expect(facts(thread)).toMatchObject({ ...told, state: 'queued', runs: null });
    expect(facts(thread).since).toBeGreaterThanOrEqual(before);
    await until(() => (gate.waiting > 0 ? true : undefined));
    const running = facts(thread);
    expect(running).toMatchObject({ ...told, state: 'running', runs: 'guard', blockedTime: 0 });
    expect(running.since).toBeGreaterThanOrEqual(before);
    expect(running.since).toBeLessThanOrEqual(clock());
    await new Promise((resolve) => setTimeout(resolve, 20));
    gate.set();
    await thread.join();
    const ended = facts(thread);
    expect(ended).toMatchObject({ ...told, state: 'stopped', runs: 'guard' });
    expect(ended.since).toBeGreaterThan(running.since);
    expect(ended.blockedTime).toBeGreaterThanOrEqual(19);
    expect(threadFacts()).toContainEqual(ended);
  });

  it('of one that was killed', async () => {
    const thread = new Thread({
      target: () => {
        for (;;);
      },
      daemon: true,
    }).start();
    await until(() => facts(thread).runs ?? undefined);
    await thread.terminate();
    expect(facts(thread)).toMatchObject({ state: 'died', runs: 'target' });
  });

  it('of one that another thread has started, and of a target of a module', async () => {
    const target = async () => {
      const { Thread, getIdent } = await import('rxjs-threading');
      const inner = new Thread({ target: { module: 'node:os', export: 'cpus' } }).start();
      await inner.join();
      return [getIdent(), inner.ident];
    };
    const [outer, inner] = (await new Thread({ target }).start().result()) as [number, number];
    expect(facts({ ident: inner })).toMatchObject({ startedBy: outer, runs: 'cpus' });
  });

  it('of one that sleeps: since when and until when', async () => {
    const awake = new Event();
    const target = (awake: Event) => {
      (awake as Event).waitSync();
    };
    const sleeper = new Thread({
      target: async (ms: number) => {
        const { sleepSync } = await import('rxjs-threading');
        sleepSync(ms);
      },
      args: [60_000],
      daemon: true,
    }).start();
    const thread = new Thread({ target, args: [awake] }).start();
    const sleeps = await until(() => facts(sleeper).sleeps ?? undefined);
    expect(sleeps.until - sleeps.since).toBeGreaterThanOrEqual(60_000);
    expect(sleeps.until - sleeps.since).toBeLessThanOrEqual(60_001);
    expect(sleeps.since).toBeLessThanOrEqual(clock());
    expect(facts(thread).sleeps).toBeNull();
    awake.set();
    sleeper.cancel();
    await sleeper.join();
    expect(facts(sleeper)).toMatchObject({ state: 'stopped', sleeps: null });
    sleepSync(1);
    expect(factsOfThread(main)?.sleeps).toBeNull();
  });

  it('of a job: its pool, whose facts any thread can read', async () => {
    const pool = new ThreadPool({ name: 'archive', maxThreads: 1, maxQueue: 7 });
    const [lock, gate] = [new Lock(), new Event()];
    const target = function file(lock: Lock, gate: Event) {
      lock.acquireSync();
      gate.waitSync();
      lock.release();
    };
    const jobs = [0, 1].map(() => Promise.resolve(pool.run(target, [lock, gate]).then((end) => end)));
    const ident = await until(() => lock.owner ?? undefined);
    const [told] = poolFacts().filter(({ name }) => name === 'archive');
    expect(told).toMatchObject({ of: main, maxThreads: 1, maxQueue: 7, threads: 1, busy: 1, queued: 1 });
    expect(facts({ ident })).toMatchObject({ kind: 'job', pool: told?.id, runs: 'file', startedBy: main });
    gate.set();
    await Promise.all(jobs);
    await expect(Promise.resolve(pool.run(() => Promise.reject(new Error('jam'))))).rejects.toThrow('jam');
    const [after] = poolFacts().filter(({ name }) => name === 'archive');
    expect(after).toMatchObject({ id: told?.id, completed: 2, failed: 1, cancelled: 0, starved: false });
    expect([after?.run.count, after?.wait.count]).toEqual([3, 3]);
    expect(after?.run.max).toBeGreaterThan(0);
    await pool.close();
    expect(poolFacts().filter(({ name }) => name === 'archive')).toEqual([]);
  });

  it('of a pool is that of the next one, once it is closed, whatever becomes of the first', async () => {
    for (let n = 0; n < 20; n++) {
      const gone = new ThreadPool({ name: 'gone', minThreads: 0 });
      await gone.close();
    }
    const pool = new ThreadPool({ name: 'next', minThreads: 0 });
    for (let turn = 0; turn < 5; turn++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(poolFacts().map(({ name }) => name)).toEqual(['next']);
    await pool.close();
  });

  it('of a pool that outlives the thread that made it is of the next one, and never in the record of another', async () => {
    const worker = new ThreadPool({ name: 'worker', maxThreads: 1 });
    await worker.run(async () => {
      const { ThreadPool } = await import('rxjs-threading');
      (globalThis as { pool?: ThreadPool }).pool = new ThreadPool({ name: 'kept', minThreads: 0 });
    });
    const other = new ThreadPool({ name: 'other', minThreads: 0 });
    const gate = new Event();
    const use = async (gate: Event): Promise<number> => {
      await (globalThis as { pool?: ThreadPool }).pool?.run(() => 1);
      await gate.wait();
      return (await import('rxjs-threading')).getIdent();
    };
    const used = Promise.resolve(worker.run(use, [gate]).then((ident) => ident));
    const told = await until(() =>
      poolFacts().find(({ name, completed }) => name === 'kept' && completed > 0),
    );
    expect(poolFacts().find(({ name }) => name === 'other')).toMatchObject({ completed: 0, threads: 0 });
    gate.set();
    expect(told.of).toBe(await used);
    await Promise.all([worker.close(), other.close()]);
  });

  it('of waits that come and go are never those of none', async () => {
    const stop = new Event();
    const comeAndGo = async (stop: Event): Promise<void> => {
      const { Lock } = await import('rxjs-threading');
      const lock = new Lock();
      lock.acquireSync();
      while (!stop.isSet()) {
        for (let wait = 0; wait < 1000; wait++) lock.acquire().subscribe().unsubscribe();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    // More than there are cores: one that is kept from running stands wherever it was.
    const threads = [0, 1, 2, 3].map(() => new Thread({ target: comeAndGo, args: [stop] }).start());
    const counts = new Set<number>();
    for (let seen = 0; seen < 200_000; )
      for (const { count } of waits()) {
        counts.add(count);
        seen++;
      }
    expect([...counts]).toEqual([1]);
    stop.set();
    await Promise.all(threads.map((thread) => thread.join()));
  });
});
