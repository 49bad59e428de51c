import { Event, Thread, ThreadPool, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

const targets = threadModule(new URL('./fixtures/thread-targets.js', import.meta.url)) as Record<
  string,
  { module: string; export: string }
>;
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};

describe('a ThreadPool', () => {
  it('queues the thread that finds no free worker', async () => {
    const pool = new ThreadPool({ maxThreads: 2 });
    const gate = new Event();
    const wait = (event: Event): boolean => event.waitSync();
    const threads = [1, 2, 3].map(() => new Thread({ target: wait, args: [gate], pool }).start());
    await until(() => threads.filter((thread) => thread.state === 'running').length === 2);
    expect(threads.map((thread) => thread.state).sort()).toEqual(['queued', 'running', 'running']);
    expect(pool.stats).toMatchObject({ threads: 2, busy: 2, queued: 1 });
    gate.set();
    expect(await Promise.all(threads.map((thread) => thread.result()))).toEqual([true, true, true]);
    await pool.close();
  });

  it('outlives a worker that exits or is killed', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    await expect(Promise.resolve(pool.run(() => process.exit(3)))).rejects.toMatchObject({
      code: 'ERR_THREAD_DIED',
    });
    const gate = new Event();
    const thread = new Thread({ target: targets.spin!, args: [gate], pool }).start();
    await gate.wait();
    await thread.terminate();
    expect(thread.isAlive()).toBe(false);
    expect(await pool.run((n: number) => n * 2, [21])).toBe(42);
    await pool.close();
  });

  it('starts a job a subscription, and stops it when that ends', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const job = pool.run(() => new Promise(() => {}), [], { grace: 10 });
    expect(pool.stats.busy).toBe(0);
    const subscription = job.subscribe();
    expect(pool.stats.busy).toBe(1);
    subscription.unsubscribe();
    await until(() => pool.stats.busy === 0);
    await pool.close();
  });

  it('finishes what it accepted when it is closed, and takes no more', async () => {
    const pool = new ThreadPool({ maxThreads: 1, name: 'small' });
    const jobs = [1, 2, 3].map((n) => pool.run((m: number) => m, [n]).then((value) => value));
    await pool.close();
    expect(await Promise.all(jobs)).toEqual([1, 2, 3]);
    expect(() => new Thread({ target: () => 1, pool }).start()).toThrow(/small is closed/);
  });

  it('refuses what its queue has no room for', async () => {
    const pool = new ThreadPool({ maxThreads: 1, maxQueue: 0 });
    const gate = new Event();
    const first = new Thread({ target: (event: Event) => event.waitSync(), args: [gate], pool }).start();
    const second = new Thread({ target: () => 1, pool });
    expect(() => second.start()).toThrow(/0 jobs are queued already/);
    expect(second.state).toBe('initial');
    gate.set();
    await first.join();
    await pool.close();
  });

  it.each<[object, RegExp]>([
    [{ maxThreads: 0 }, /maxThreads .*got 0/],
    [{ maxThreads: 1, minThreads: 2 }, /minThreads .*got 2/],
    [{ maxQueue: -1 }, /maxQueue .*got -1/],
    [{ name: 5 }, /name must be a string, got 5/],
  ])('refuses %o', (options, message) => {
    expect(() => new ThreadPool(options)).toThrow(message);
  });
});
