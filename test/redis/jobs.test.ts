import { firstValueFrom, lastValueFrom, Subject, take, toArray } from 'rxjs';
import { ThreadError } from 'rxjs-threading';
import { JobLostError } from 'rxjs-threading/redis';
import { describe, expect, test } from 'vitest';
import { counts, Farm, targets, until } from '../support/job-farm.js';
import { farmOfFile } from './support/farm-of-file.js';

const file = farmOfFile();
const { farmed } = file;

describe('run', () => {
  test('gives what the target gives, a subscription a job', () =>
    farmed(async ({ pool }) => {
      const sum = pool.run(targets.add, [20, 22]);
      expect(await sum).toBe(42);
      expect(await lastValueFrom(sum)).toBe(42);
      expect((await counts(pool)).completed).toBe(2);
    }, {}));

  test('gives undefined for a target that returns nothing, and the last value of one that streams', () =>
    farmed(async ({ pool }) => {
      expect(await pool.run(targets.nothing)).toBeUndefined();
      expect(await pool.run(targets.countTo, [5])).toBe(5);
    }));

  test('brings many jobs of one turn, each result to its own caller', () =>
    farmed(async ({ pool }) => {
      const all = Array.from({ length: 300 }, (_, n) => firstValueFrom(pool.run(targets.add, [n, 1])));
      expect(await Promise.all(all)).toEqual(Array.from({ length: 300 }, (_, n) => n + 1));
    }));

  test("fails as the target does: class, message, code, stack, cause and what else was the error's own", () =>
    farmed(async ({ pool }) => {
      const error = await firstValueFrom(pool.run(targets.fail, ['too far'])).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({ name: 'RangeError', message: 'too far', code: 'ERR_FAIL', at: [1, 2] });
      expect(error.stack).toContain('jobs.targets.js');
      expect(error.cause).toBeInstanceOf(TypeError);
    }));

  test('fails where the thread of the target dies, and serves on', () =>
    farmed(async ({ pool }) => {
      const error = await firstValueFrom(pool.run(targets.exit)).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(ThreadError);
      expect(error.code).toBe('ERR_THREAD_DIED');
      expect(await pool.run(targets.add, [1, 1])).toBe(2);
    }));

  test('tells progress in order, with the attempt, before the result', () =>
    farmed(async ({ pool }) => {
      const told: unknown[] = [];
      const result = await pool.run(targets.report, [50], {
        onProgress: (value, attempt) => told.push([value, attempt]),
      });
      expect(result).toBe(50);
      expect(told).toEqual(Array.from({ length: 50 }, (_, n) => [n + 1, 1]));
    }));

  test('tries again as often as it is told to, and says which attempt it is', () =>
    farmed(async ({ pool }) => {
      expect(await pool.run(targets.failUntil, [3], { retry: { attempts: 3, delay: 1 } })).toBe(3);
      const retry = { attempts: 2, delay: 1, backoff: 'fixed' as const };
      const error = await firstValueFrom(pool.run(targets.failUntil, [9], { retry })).catch(
        (thrown) => thrown,
      );
      expect(error.message).toBe('attempt 2');
    }));

  test('ends a run at its timeout', () =>
    farmed(async ({ pool }) => {
      const error = await firstValueFrom(pool.run(targets.wait, [], { timeout: 50 })).catch(
        (thrown) => thrown,
      );
      expect(error.name).toBe('TimeoutError');
      expect(error.message).toContain("'wait'");
    }));

  test('shares one job among all that ask for it by the same `dedupe`', () =>
    farmed(async ({ pool }) => {
      const first = firstValueFrom(pool.run(targets.slowly, ['first', 200], { dedupe: 'one' }));
      const second = firstValueFrom(pool.run(targets.slowly, ['second', 200], { dedupe: 'one' }));
      expect(await Promise.all([first, second])).toEqual(['first', 'first']);
      expect((await counts(pool)).completed).toBe(1);
      expect(await pool.run(targets.slowly, ['third', 1], { dedupe: 'one' })).toBe('third');
    }, {}));

  test('runs those of the lower priority first', async () => {
    const farm = new Farm(file.server);
    try {
      const { pool } = farm;
      const done: number[] = [];
      const jobs = [3, 1, 2].map((priority) =>
        firstValueFrom(pool.run(targets.echo, [priority], { priority })).then((one) =>
          done.push(one as number),
        ),
      );
      await until(async () => (await counts(pool)).prioritized === 3);
      farm.serve({ threads: 1, concurrency: 1 });
      await Promise.all(jobs);
      expect(done).toEqual([1, 2, 3]);
    } finally {
      await farm[Symbol.asyncDispose]();
    }
  });

  test('begins no sooner than its delay says', () =>
    farmed(async ({ pool }) => {
      const asked = Date.now();
      expect(await pool.run(targets.echo, ['late'], { delay: 600 })).toBe('late');
      expect(Date.now() - asked).toBeGreaterThanOrEqual(600);
    }));

  test('a token of a later run is above that of an earlier one', () =>
    farmed(async ({ pool }) => {
      const first = (await pool.run(targets.job)) as { id: string; attempt: number; token: string };
      const second = (await pool.run(targets.job)) as typeof first;
      expect(first.attempt).toBe(1);
      expect(second.id).not.toBe(first.id);
      expect(BigInt(second.token)).toBeGreaterThan(BigInt(first.token));
    }));

  test('no two runs have one token, and who begins after others have ended has the highest', () =>
    farmed(async ({ pool }) => {
      const flood = Array.from({ length: 200 }, () => firstValueFrom(pool.run(targets.job)));
      const tokens = (await Promise.all(flood)).map(({ token }) => BigInt(token));
      expect(new Set(tokens).size).toBe(200);
      const { token } = (await pool.run(targets.job)) as { token: string };
      expect(tokens.every((one) => one < BigInt(token))).toBe(true);
    }));

  test('gives the result also where the engine is to keep none', () =>
    farmed(
      async ({ pool }) => {
        const all = Array.from({ length: 20 }, (_, n) => firstValueFrom(pool.run(targets.add, [n, 1])));
        expect(await Promise.all(all)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
      },
      { pool: { keepResult: 0 } },
    ));

  test('fails with JobLostError when the engine has forgotten the job', async () => {
    const farm = new Farm(file.server, { lease: 500 });
    try {
      const { pool } = farm;
      const job = firstValueFrom(pool.run(targets.echo, [1])).catch((thrown) => thrown);
      await until(async () => (await counts(pool)).waiting === 1);
      await (pool.queue as { obliterate(options: object): Promise<void> }).obliterate({ force: true });
      const error = await job;
      expect(error).toBeInstanceOf(JobLostError);
      expect(error.code).toBe('ERR_JOB_LOST');
    } finally {
      await farm[Symbol.asyncDispose]();
    }
  });

  test('fails when the Machines closes', async () => {
    const farm = new Farm(file.server);
    const job = firstValueFrom(farm.pool.run(targets.echo, [1])).catch((thrown) => thrown);
    await until(async () => (await counts(farm.pool)).waiting === 1);
    await farm[Symbol.asyncDispose]();
    expect(await job).toMatchObject({ name: 'ThreadError', code: 'ERR_POOL' });
  });
});

test('all that is asked of a pool whose Machines is closed fails, and so does who watches it', async () => {
  const farm = new Farm(file.server);
  const { pool } = farm;
  const timer = pool.timer(60_000, targets.echo, [1]);
  const watched = new Promise((error) => pool.stats$.subscribe({ error }));
  await until(async () => (await counts(pool)).delayed === 1);
  await farm[Symbol.asyncDispose]();
  const asked: (() => Promise<unknown>)[] = [
    () => watched.then((error) => Promise.reject(error)),
    () => firstValueFrom(pool.stats$),
    () => firstValueFrom(pool.run(targets.echo, [1])),
    () => firstValueFrom(pool.failed()),
    () => pool.retryFailed('one'),
    () => pool.schedule('one', { every: 1000 }, targets.echo, [1]),
    () => pool.unschedule('one'),
    () => timer.cancel(),
    () => firstValueFrom(timer.result()),
    async () => pool.timer(1, targets.echo, [1]),
  ];
  for (const ask of asked) await expect(ask()).rejects.toMatchObject({ code: 'ERR_POOL' });
});

describe('the dead letters', () => {
  test('are listed, newest first, and tried again by hand', () =>
    farmed(async ({ pool }) => {
      for (const message of ['one', 'two'])
        await firstValueFrom(pool.run(targets.fail, [message])).catch(() => {});
      const failed = await pool.failed();
      expect(failed.map(({ error }) => error.message)).toEqual(['two', 'one']);
      expect(failed[0]).toMatchObject({ target: 'fail', attempts: 1, error: { name: 'RangeError' } });
      expect(await pool.failed({ limit: 1 })).toHaveLength(1);
      await pool.retryFailed(failed[0]?.id ?? '');
      await until(async () => (await counts(pool)).failed === 2);
      await expect(pool.retryFailed('no-such-job')).rejects.toMatchObject({ code: 'ERR_ENGINE' });
    }, {}));

  test('are kept for `keepFailed`', () =>
    farmed(
      async ({ pool }) => {
        const fail = (message: string) => firstValueFrom(pool.run(targets.fail, [message])).catch(() => {});
        await fail('one');
        const [letter] = await pool.failed();
        // BullMQ looks at those of before with the next that fails.
        await until(() => Date.now() > (letter?.failedAt ?? 0) + 2000);
        await fail('two');
        expect((await pool.failed()).map(({ error }) => error.message)).toEqual(['two']);
      },
      { pool: { keepFailed: 1000 } },
    ));
});

describe('stats$', () => {
  test('tells of jobs and of the processes that serve', () =>
    farmed(async ({ pool }) => {
      await pool.run(targets.echo, [1]);
      expect(await firstValueFrom(pool.stats$)).toEqual({
        queued: 0,
        delayed: 0,
        running: 0,
        failed: 0,
        workers: 1,
      });
    }, {}));

  test('tells of a change, and keeps quiet while nothing changes', () =>
    farmed(async ({ pool }) => {
      const seen = new Subject<number>();
      const running = firstValueFrom(seen.pipe(take(2), toArray()));
      const watching = pool.stats$.subscribe((stats) => seen.next(stats.running));
      await until(async () => (await counts(pool)).active === 0);
      const job = pool.run(targets.wait).subscribe();
      expect(await running).toEqual([0, 1]);
      job.unsubscribe();
      watching.unsubscribe();
    }));
});

describe('limit', () => {
  test('lets no more jobs begin in a time', () =>
    farmed(
      async ({ pool }) => {
        const began = Date.now();
        await Promise.all(Array.from({ length: 3 }, (_, n) => firstValueFrom(pool.run(targets.echo, [n]))));
        expect(Date.now() - began).toBeGreaterThanOrEqual(500);
      },
      { pool: { limit: { max: 1, per: 300 } } },
    ));
});
