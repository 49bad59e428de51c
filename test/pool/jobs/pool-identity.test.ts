import { AsyncLocalStorage } from 'node:async_hooks';
import { filter, firstValueFrom, map } from 'rxjs';
import {
  activeCount,
  Event,
  enumerate,
  enumerate$,
  runInThread,
  setExcepthook,
  Thread,
  ThreadPool,
  threadModule,
} from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);

describe('a job is a thread', () => {
  it('of its own in a worker that others used: with its ident, its name and its locals', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const first = await pool.run(jobs.useLocal, ['mine'], { name: 'first' });
    const second = await pool.run(jobs.useLocal, ['yours'], { name: 'second' });
    const third = await new Thread({ target: jobs.useLocal, args: [''], name: 'third', pool })
      .start()
      .result();
    const fourth = await firstValueFrom(runInThread(jobs.useLocal, [''], { name: 'fourth', pool }));
    const all = [first, second, third, fourth];
    expect(all.map(({ before }) => before)).toEqual(['fresh', 'fresh', 'fresh', 'fresh']);
    expect(all.map(({ name }) => name)).toEqual(['first', 'second', 'third', 'fourth']);
    expect(new Set(all.map(({ ident }) => ident)).size).toBe(4);
    expect(first.text).toBe(`<Thread(first, started ${first.ident})>`);
    expect(pool.stats).toMatchObject({ threads: 1, completed: 4 });
    await pool.close();
  });

  it('that enumerate tells of from any thread, while it runs', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const names$ = enumerate$.pipe(map((threads) => threads.map(({ name }) => name)));
    const [begun, gate] = [new Event(), new Event()];
    const seen = firstValueFrom(names$.pipe(filter((names) => names.includes('seen'))));
    const job = pool.run(jobs.hold, [begun, gate], { name: 'seen' }).then();
    await begun.wait();
    expect(await seen).toContain('seen');
    const found = enumerate().find(({ name }) => name === 'seen');
    expect(found?.state).toBe('running');
    expect(activeCount()).toBe(2);
    const gone = firstValueFrom(names$.pipe(filter((names) => !names.includes('seen'))));
    gate.set();
    await job;
    expect(await gone).not.toContain('seen');
    expect(found?.state).toBe('stopped');
    await pool.close();
  });

  it('that can be cancelled and terminated as the Thread that enumerate gives', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const [begun, stopped] = [new Event(), new Event()];
    const job = pool.run(jobs.stoppable, [begun, stopped], { name: 'stoppable' }).then();
    await begun.wait();
    enumerate()
      .find(({ name }) => name === 'stoppable')
      ?.cancel(new Error('enough'));
    await expect(job).rejects.toThrow('enough');
    begun.clear();
    const spinning = pool.run(jobs.spin, [begun], { name: 'spinning' }).then();
    await begun.wait();
    const end = expect(spinning).rejects.toThrow("thread 'spinning' died: it was terminated");
    await enumerate()
      .find(({ name }) => name === 'spinning')
      ?.terminate();
    await end;
    expect(pool.stats).toMatchObject({ cancelled: 2, failed: 0 });
    await pool.close();
  });

  it.each(['before', 'after'])(
    "that stays cancelled when its slot is the next job's, found %s its user left",
    async (when) => {
      const pool = new ThreadPool({ maxThreads: 1 });
      const [begun, end] = [new Event(), new Event()];
      const deaf = (gate: Event, until: Event): void => {
        gate.set();
        while (!until.isSet());
      };
      const find = () => enumerate().find(({ name }) => name === 'left');
      const job = pool.run(deaf, [begun, end], { name: 'left', grace: 60_000 }).subscribe();
      await begun.wait();
      const before = when === 'before' ? find() : undefined;
      job.unsubscribe();
      const thread = before ?? find();
      end.set();
      expect(await pool.run((n: number) => n, [1])).toBe(1);
      expect([thread?.state, thread?.cancelled]).toEqual(['stopped', true]);
      await pool.close();
    },
  );

  it('whose error is told to the excepthook when nobody hears it', async () => {
    const told: unknown[] = [];
    setExcepthook(({ error, thread }) => told.push([thread?.name, (error as Error).message]));
    const pool = new ThreadPool({ maxThreads: 1 });
    const throws = (): never => {
      throw new Error('no');
    };
    new Thread({ target: throws, name: 'unheard', pool }).start();
    await pool.run(throws).then(null, () => {});
    await until(() => told.length > 0);
    expect(told).toEqual([['unheard', 'no']]);
    await pool.close();
    setExcepthook(null);
  });

  it('that may have a pool of its own', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    expect(await pool.run(jobs.nestedPool, [[1, 2, 3]])).toEqual([2, 4, 6]);
    expect(await new Thread({ target: jobs.nestedPool, args: [[4]] }).start().result()).toEqual([8]);
    await pool.close();
  });

  it.each(['then', 'subscribe', 'error', 'abort', 'progress'])(
    'whose callbacks run in the async context of who subscribed: %s',
    async (how) => {
      const pool = new ThreadPool({ maxThreads: 1 });
      const store = new AsyncLocalStorage<string>();
      const abort = new AbortController();
      const seen: (string | undefined)[] = [];
      const see = (): number => seen.push(store.getStore());
      const gate = new Event();
      store.run('other', () => void pool.run(jobs.hold, [new Event(), gate]).then());
      store.run('mine', () => {
        const failing = (): never => {
          throw new Error('no');
        };
        if (how === 'then') void pool.run(() => 1).then(see);
        if (how === 'subscribe') pool.run(() => 1).subscribe(see);
        if (how === 'error') pool.run(failing).subscribe({ error: see });
        if (how === 'abort') pool.run(() => 1, [], { signal: abort.signal }).subscribe({ error: see });
        if (how === 'progress') pool.run(jobs.storm, ['report', 0], { onProgress: see }).subscribe();
      });
      store.run('third', () => {
        gate.set();
        abort.abort();
      });
      await until(() => seen.length >= (how === 'progress' ? 3 : 1));
      expect(new Set(seen)).toEqual(new Set(['mine']));
      await pool.close();
    },
  );

  it('of a pool that cannot be posted, which says so', async () => {
    const pool = new ThreadPool({ maxThreads: 1, minThreads: 0 });
    expect(() => structuredClone(pool)).toThrow(/a ThreadPool cannot be sent to a thread.*make one there/);
    expect(() => structuredClone({ deep: [pool] })).toThrow(/could not be cloned/);
    await pool.close();
  });
});
