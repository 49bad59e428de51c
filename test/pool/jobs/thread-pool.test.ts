import { Event, Thread, ThreadPool, threadModule, transfer } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { collectGarbage } from '../../support/collect-garbage.js';

const targets = threadModule(new URL('../../fixtures/thread-targets.js', import.meta.url)) as Record<
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

  it.each([1, 2, 3])(
    'runs both where a getter of what a job is called with, read for the nth time, runs another: %i',
    async (nth) => {
      const pool = new ThreadPool({ maxThreads: 1, minThreads: 1 });
      await pool.warmUp();
      let reads = 0;
      let other: Promise<number> | undefined;
      const first = {
        get n() {
          if (++reads === nth) other = pool.run((n: number) => n, [5]).then();
          return 7;
        },
      };
      const args: [{ n: number }, unknown] = [first, transfer(new Uint8Array(1))];
      expect(await pool.run((one: { n: number }, _: unknown) => one.n, args)).toBe(7);
      expect(await other).toBe(5);
      await pool.close();
    },
  );

  it.each<[string, boolean, (other: Thread<void>) => void]>([
    // While its worker comes up.
    ['leaves', false, (other) => void other.terminate()],
    ['joins', true, (other) => other.joinSync()],
  ])(
    'runs a job that a getter of what it is called with makes room for, as it %s the only other, whenever that is read',
    async (_, warm, makeRoom) => {
      for (const nth of [1, 2, 3]) {
        const pool = new ThreadPool({ maxThreads: 1 });
        if (warm) await pool.warmUp();
        const other = new Thread({ target: () => {}, pool }).start();
        other.output$.subscribe({ error: () => {} });
        let reads = 0;
        const first = {
          get n() {
            if (++reads === nth) makeRoom(other);
            return 7;
          },
        };
        const args: [{ n: number }, unknown] = [first, transfer(new Uint8Array(1))];
        expect(await pool.run((one: { n: number }, _: unknown) => one.n, args)).toBe(7);
        await pool.close();
      }
    },
  );

  it('runs a job of which something moves and a getter runs the last job of its worker, whenever that is read', async () => {
    for (const nth of [1, 2, 3]) {
      const pool = new ThreadPool({ maxThreads: 1, maxJobs: 2 });
      await pool.warmUp();
      let reads = 0;
      let last: Promise<number> | undefined;
      const first = {
        get n() {
          if (++reads === nth) last = pool.run((n: number) => n, [5]).then();
          return 7;
        },
      };
      const args: [{ n: number }, unknown] = [first, transfer(new Uint8Array(1))];
      expect(await pool.run((one: { n: number }, _: unknown) => one.n, args)).toBe(7);
      expect(await last).toBe(nth <= reads ? 5 : undefined);
      await pool.close();
    }
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

  it('counts as neither completed nor failed a job that ended because its signal was aborted', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const ready = new Event();
    // Node throws an AbortError, with the signal's reason as its cause.
    const subscription = pool.run(targets.sleepWithSignal!, [ready], { grace: Infinity }).subscribe();
    await ready.wait();
    subscription.unsubscribe();
    await until(() => pool.stats.busy === 0);
    expect(pool.stats).toMatchObject({ completed: 0, failed: 0 });
    await pool.close();
  });

  it('keeps nothing of a job whose signal was asked for', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    for (let job = 0; job < 20; job++) await pool.run(targets.keepSignalWeakly!);
    expect(await pool.run(targets.countKeptSignals!)).toBe(0);
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

  it('tells what it does, bursts as one', async () => {
    const pool = new ThreadPool({ maxThreads: 2 });
    const told: string[] = [];
    const subscription = pool.stats$.subscribe((stats) =>
      told.push(`${stats.busy} ${stats.queued} ${stats.completed} ${stats.failed}`),
    );
    const jobs = [1, 2, 3].map((n) => pool.run((m: number) => m, [n]).then((value) => value));
    const failing = pool.run(() => {
      throw new Error('no');
    });
    await expect(failing.then()).rejects.toThrow('no');
    await Promise.all(jobs);
    await until(() => told.at(-1) === '0 0 3 1');
    expect(told.slice(0, 2)).toEqual(['0 0 0 0', '2 2 0 0']);
    expect(pool.stats.runTime.max).toBeGreaterThan(0);
    expect(pool.stats.waitTime.mean).toBeGreaterThan(0);
    subscription.unsubscribe();
    await pool.close();
  });

  it('fails alone the job that crashes its worker', async () => {
    const pool = new ThreadPool({ maxThreads: 2 });
    const crash = pool.run(() => {
      setTimeout(() => {
        throw new Error('crash');
      });
      return new Promise(() => {});
    });
    const others = [1, 2, 3].map((n) => pool.run((m: number) => m, [n]).then((value) => value));
    await expect(crash.then()).rejects.toMatchObject({
      code: 'ERR_THREAD_DIED',
      cause: { message: 'crash' },
    });
    expect(await Promise.all(others)).toEqual([1, 2, 3]);
    expect(pool.stats).toMatchObject({ completed: 3, failed: 1 });
    await pool.close();
  });

  it('keeps of a stream the last value alone, which is all that a run gives', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const stream = function* (count: number) {
      for (let n = 0; n < count; n++) yield { n, text: `value ${n}` };
    };
    expect(await pool.run(stream, [10])).toEqual({ n: 9, text: 'value 9' });
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    let most = 0;
    const sampling = setInterval(() => {
      collectGarbage();
      most = Math.max(most, process.memoryUsage().heapUsed - before);
    }, 50);
    expect(await pool.run(stream, [300_000])).toMatchObject({ n: 299_999 });
    clearInterval(sampling);
    expect(most).toBeLessThan(8_000_000);
    expect(await pool.run(stream, [0])).toBeUndefined();
    await pool.close();
  });

  it('that is only slow does not starve', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const never = new Event();
    const slow = (event: Event) => {
      event.wait().subscribe();
      const end = performance.now() + 1800;
      while (performance.now() < end);
    };
    const jobs = [1, 2].map(() => pool.run(slow, [never]).then((value) => value));
    let starved = false;
    pool.stats$.subscribe((stats) => {
      starved ||= stats.starved;
    });
    await Promise.all(jobs);
    expect(starved).toBe(false);
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
