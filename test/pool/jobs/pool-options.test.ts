import { ThreadPool, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);

describe('options of a ThreadPool', () => {
  it('env and execArgv reach the workers, those that replace others too', async () => {
    const pool = new ThreadPool({ maxThreads: 1, env: { GREETING: 'hello' }, execArgv: ['--no-warnings'] });
    const expected = { env: 'hello', argv: ['--no-warnings'] };
    expect(await pool.run(jobs.environment, ['GREETING'])).toEqual(expected);
    await pool.run(() => process.exit(1)).then(null, () => {});
    expect(await pool.run(jobs.environment, ['GREETING'])).toEqual(expected);
    await pool.close();
  });

  it('a worker lives on between jobs where what is deprecated throws', async () => {
    const execArgv = ['--pending-deprecation', '--throw-deprecation'];
    const pool = new ThreadPool({ maxThreads: 1, execArgv });
    const workers: number[] = [];
    for (let n = 0; n < 3; n++) {
      const target = async () => (await import('node:worker_threads')).threadId;
      workers.push(await pool.run(target));
    }
    expect(new Set(workers).size).toBe(1);
    await pool.close();
  });

  it('resourceLimits are those of the workers', async () => {
    const resourceLimits = { maxOldGenerationSizeMb: 100, stackSizeMb: 2 };
    const pool = new ThreadPool({ maxThreads: 1, resourceLimits });
    const limits = await pool.run(
      () => process.getBuiltinModule('node:worker_threads').resourceLimits as Record<string, number>,
    );
    expect(limits).toMatchObject(resourceLimits);
    await pool.close();
  });

  it('maxThreads bounds what runs at once, minThreads and idleTimeout what is kept', async () => {
    const pool = new ThreadPool({ maxThreads: 4, minThreads: 2, idleTimeout: 50 });
    expect(pool.stats.threads).toBe(2);
    const most: number[] = [];
    const subscription = pool.stats$.subscribe(({ busy, threads }) => most.push(busy, threads));
    await Promise.all(Array.from({ length: 16 }, () => pool.run(jobs.sleepFor, [30]).then()));
    expect(Math.max(...most)).toBe(4);
    await until(() => pool.stats.threads === 2);
    subscription.unsubscribe();
    await pool.close();
  });

  it('idleTimeout may be for ever, or longer than a timer takes', async () => {
    for (const idleTimeout of [Number.POSITIVE_INFINITY, 2 ** 40]) {
      const pool = new ThreadPool({ maxThreads: 1, minThreads: 0, idleTimeout });
      await pool.run(() => 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(pool.stats.threads).toBe(1);
      await pool.close();
    }
  });

  it('piscina tells of the workers', async () => {
    const pool = new ThreadPool({ maxThreads: 3, minThreads: 1 });
    expect([pool.piscina.maxThreads, pool.piscina.minThreads]).toEqual([3, 1]);
    const [worker, ...others] = pool.piscina.threads;
    expect(others).toEqual([]);
    const { threadId } = worker!;
    expect(await pool.run(() => process.getBuiltinModule('node:worker_threads').threadId)).toBe(threadId);
    await pool.close();
    expect(pool.piscina.threads).toEqual([]);
  });

  it.each<[unknown, RegExp]>([
    [{ maxThreads: 0 }, /maxThreads must be .*got 0/],
    [{ maxThreads: 1.5 }, /maxThreads must be .*got 1.5/],
    [{ maxThreads: '2' }, /maxThreads must be a number, got '2'/],
    [{ maxThreads: 5000 }, /maxThreads must be .*got 5000/],
    [{ minThreads: -1 }, /minThreads must be .*got -1/],
    [{ maxThreads: 1, minThreads: 2 }, /minThreads must be .* 0 to 1, got 2/],
    [{ idleTimeout: -1 }, /idleTimeout must be 0 ms or more, got -1/],
    [{ idleTimeout: Number.NaN }, /idleTimeout must be 0 ms or more, got NaN/],
    [{ idleTimeout: '1' }, /idleTimeout must be a number of ms, got '1'/],
    [{ maxQueue: -1 }, /maxQueue must be .*got -1/],
    [{ maxQueue: 'auto' }, /maxQueue must be a number, got 'auto'/],
    [{ resourceLimits: 5 }, /resourceLimits must be an object, got 5/],
    [
      { resourceLimits: { maxOldGenerationSizeMB: 5 } },
      /resourceLimits has .*got \{ maxOldGenerationSizeMB: 5 \}/,
    ],
    [{ resourceLimits: { stackSizeMb: 0.5 } }, /resourceLimits.stackSizeMb must be at least 1, got 0.5/],
    [{ resourceLimits: { codeRangeSizeMb: '1' } }, /codeRangeSizeMb must be a number of MB, got '1'/],
    [{ execArgv: '--inspect' }, /execArgv must be an array of strings, got '--inspect'/],
    [{ execArgv: ['--expose-gc'], minThreads: 0 }, /--expose-gc/],
    [{ execArgv: ['--expose-gc'], minThreads: 1 }, /--expose-gc/],
    [{ env: [] }, /env must be an object of strings or SHARE_ENV, got \[\]/],
    [{ env: { A: 5 } }, /env.A must be a string, got 5/],
    [{ name: 5 }, /name must be a string, got 5/],
    [5, /options must be an object, got 5/],
  ])('%o is refused at the call', (options, message) => {
    expect(() => new ThreadPool(options as object)).toThrow(message);
  });
});
