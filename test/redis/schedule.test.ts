import { expect, test } from 'vitest';
import { counts, Farm, targets, until } from '../support/job-farm.js';
import { onRedis } from '../support/on-redis.js';

const redis = onRedis();

test('runs again and again, once among all processes, until it is unscheduled', async () => {
  await using farm = new Farm(redis.server);
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
});

test('takes a cron expression with a time zone', async () => {
  await using farm = new Farm(redis.server);
  const { pool } = farm;
  await pool.schedule('nightly', { cron: '0 3 * * *', tz: 'Europe/Berlin' }, targets.echo, [1]);
  expect((await counts(pool)).delayed).toBe(1);
  expect(await pool.unschedule('nightly')).toBe(true);
});

test('has dead letters that can be tried again, and goes on', async () => {
  await using farm = new Farm(redis.server);
  const { pool } = farm;
  const serving = farm.serve();
  await pool.schedule('failing', { every: 3_600_000 }, targets.fail, ['oh']);
  await until(async () => (await counts(pool)).failed === 1);
  await serving.close();
  const [letter] = await pool.failed();
  await pool.retryFailed(letter?.id ?? '');
  expect(await counts(pool)).toMatchObject({ waiting: 1, failed: 0, delayed: 1 });
  farm.serve();
  await until(async () => (await counts(pool)).failed === 1);
  expect(await counts(pool)).toMatchObject({ waiting: 0, delayed: 1 });
  await pool.unschedule('failing');
});

test('refuses what it cannot use, showing it', async () => {
  await using farm = new Farm(redis.server);
  const { pool } = farm;
  const scheduled = (when: unknown) => pool.schedule('bad', when as never, targets.echo, [1]);
  await expect(scheduled({})).rejects.toThrow(/^when must be/);
  await expect(scheduled({ every: 0 })).rejects.toThrow(/^when.every must be a whole number/);
  await expect(scheduled({ every: 1, cron: '* * * * *' })).rejects.toThrow(/^when must be/);
  await expect(scheduled({ cron: 'now and then' })).rejects.toMatchObject({ code: 'ERR_ENGINE' });
});
