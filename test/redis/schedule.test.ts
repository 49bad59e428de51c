import { afterAll, beforeAll, expect, test } from 'vitest';
import { counts, Farm, targets, until } from '../support/job-farm.js';
import { type RedisServer, redisServer } from '../support/redis-server.js';

let server: RedisServer;
beforeAll(async () => {
  server = await redisServer();
});
afterAll(() => server.stop());

async function farmed(run: (farm: Farm) => Promise<void>) {
  const farm = new Farm(server);
  try {
    await run(farm);
  } finally {
    await farm[Symbol.asyncDispose]();
  }
}

test('runs again and again, once among all processes, until it is unscheduled', () =>
  farmed(async (farm) => {
    const { pool } = farm;
    await pool.schedule('beat', { every: 100 }, targets.echo, [1]);
    // Once more: the same schedule.
    await pool.schedule('beat', { every: 100 }, targets.echo, [2]);
    farm.serve();
    farm.serve();
    await until(async () => ((await counts(pool)).completed ?? 0) >= 3);
    expect(await pool.unschedule('beat')).toBe(true);
    expect(await pool.unschedule('beat')).toBe(false);
    await until(async () => {
      const { active, delayed, waiting } = await counts(pool);
      return active === 0 && delayed === 0 && waiting === 0;
    });
  }));

test('takes a cron expression with a time zone', () =>
  farmed(async ({ pool }) => {
    await pool.schedule('nightly', { cron: '0 3 * * *', tz: 'Europe/Berlin' }, targets.echo, [1]);
    expect((await counts(pool)).delayed).toBe(1);
    expect(await pool.unschedule('nightly')).toBe(true);
  }));

test('refuses what it cannot use, showing it', () =>
  farmed(async ({ pool }) => {
    const scheduled = (when: unknown) => pool.schedule('bad', when as never, targets.echo, [1]);
    await expect(scheduled({})).rejects.toThrow(/^when must be/);
    await expect(scheduled({ every: 0 })).rejects.toThrow(/^when.every must be a whole number/);
    await expect(scheduled({ every: 1, cron: '* * * * *' })).rejects.toThrow(/^when must be/);
    await expect(scheduled({ cron: 'now and then' })).rejects.toMatchObject({ code: 'ERR_ENGINE' });
  }));
