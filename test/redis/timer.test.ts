import { once } from 'node:events';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cuttingLink } from '../support/cutting-link.js';
import { commandsOf, counts, Farm, targets, until } from '../support/job-farm.js';
import { type RedisServer, redisServer } from '../support/redis-server.js';
import { slowLink } from '../support/slow-link.js';

let server: RedisServer;
let farm: Farm;
beforeAll(async () => {
  server = await redisServer();
  farm = new Farm(server, { lease: 1000 });
  farm.serve();
});
afterAll(async () => {
  await farm[Symbol.asyncDispose]();
  await server.stop();
});

test('runs its target after the interval, and tells its result to all who ask, also later', async () => {
  const timer = farm.pool.timer(100, targets.add, [40, 2]);
  const results = [timer.result(), timer.result()].map((result) => firstValueFrom(result));
  expect(await Promise.all(results)).toEqual([42, 42]);
  expect(await timer.result()).toBe(42);
  expect(await timer.cancel()).toBe(false);
});

test('one that is cancelled never runs, and its result is undefined', async () => {
  const timer = farm.pool.timer(60_000, targets.add, [1, 2]);
  const result = firstValueFrom(timer.result());
  expect(await timer.cancel()).toBe(true);
  expect(await result).toBeUndefined();
  const named = farm.pool.timer(60_000, targets.add, [1, 2], { id: 'named' });
  expect(await named.cancel()).toBe(true);
  const client = await commandsOf(farm.pool);
  expect(await client.exists(`{${farm.namespace}}:t:jobs:named`)).toBe(0);
  expect(await timer.cancel()).toBe(false);
});

test('one that is cancelled from afar as it is due has run, or never does', async () => {
  const link = await slowLink(server.port, 50);
  const { namespace } = farm;
  const afar = new Farm(server, { connection: link.url, namespace, lease: 5000 });
  try {
    await afar.pool.failed();
    for (const ms of [300, 350, 400, 450, 500]) {
      const timer = afar.pool.timer(500, targets.echo, ['ran']);
      const result = firstValueFrom(timer.result());
      await new Promise((resolve) => setTimeout(resolve, ms));
      const cancelled = await timer.cancel();
      expect(await result, `${ms}`).toBe(cancelled ? undefined : 'ran');
    }
  } finally {
    await afar[Symbol.asyncDispose]();
    link.close();
  }
});

test('one of the same id takes the place of the earlier', async () => {
  const first = farm.pool.timer(60_000, targets.echo, ['first'], { id: 'report' });
  const lost = firstValueFrom(first.result()).catch((error) => error);
  await until(async () => (await counts(farm.pool)).delayed === 1);
  const second = farm.pool.timer(200, targets.echo, ['second'], { id: 'report' });
  expect(second.id).toBe('report');
  expect(await second.result()).toBe('second');
  expect(await lost).toMatchObject({ code: 'ERR_JOB_LOST' });
  expect((await counts(farm.pool)).delayed).toBe(0);
});

test('is called off once, and so is a schedule, however many ask for it at once', async () => {
  const timer = farm.pool.timer(60_000, targets.echo, [1]);
  const cancelled = await Promise.all(Array.from({ length: 5 }, () => timer.cancel()));
  expect(cancelled.filter(Boolean)).toHaveLength(1);
  const { namespace } = farm;
  await using other = new Farm(server, { namespace, lease: 1000 });
  await farm.pool.schedule('often', { every: 60_000 }, targets.echo, [1]);
  const pools = [farm.pool, other.pool, farm.pool, other.pool];
  const ended = await Promise.all(pools.map((pool) => pool.unschedule('often')));
  expect(ended.filter(Boolean)).toHaveLength(1);
  const client = await commandsOf(farm.pool);
  await until(async () => (await client.keys(`{${namespace}}:u:*`)).length === 0);
});

test('there is one of an id at any moment, whenever the process is killed that makes it', async () => {
  const link = await cuttingLink(server.port);
  let killed = 0;
  try {
    for (const n of [1, 2, 3])
      for (const when of ['before', 'after'] as const) {
        await using one = new Farm(server, { lease: 1000 });
        one.pool.timer(60_000, targets.echo, ['earlier'], { id: 'report' });
        await until(async () => (await counts(one.pool)).delayed === 1);
        const child = one.startTimers(link.url);
        await once(child, 'message');
        link.cutAt(n, when, () => {
          killed++;
          child.kill('SIGKILL');
        });
        child.send('report');
        await Promise.race([once(child, 'exit'), once(child, 'message')]);
        link.cutAt(Number.POSITIVE_INFINITY, 'before');
        expect((await counts(one.pool)).delayed, `${when} ${n}`).toBe(1);
      }
    expect(killed).toBeGreaterThan(1);
  } finally {
    link.close();
  }
});

test('a wait for its result ends without it on timeout, and with the error of the target', async () => {
  const timer = farm.pool.timer(60_000, targets.echo, [1]);
  expect(await timer.result({ timeout: 20 })).toBeUndefined();
  const controller = new AbortController();
  const result = firstValueFrom(timer.result({ signal: controller.signal }));
  controller.abort(new Error('enough'));
  await expect(result).rejects.toThrow('enough');
  await timer.cancel();
  const failing = farm.pool.timer(1, targets.fail, ['oh']);
  await expect(firstValueFrom(failing.result())).rejects.toThrow('oh');
});

test('refuses what it cannot use, at the call', () => {
  const { pool } = farm;
  expect(() => pool.timer(-1, targets.echo, [1])).toThrow(/^interval must be 0 ms or more, got -1/);
  for (const interval of [Infinity, 2 ** 42])
    expect(() => pool.timer(interval, targets.echo, [1])).toThrow(
      `interval must be 0 to ${2 ** 41} ms, got ${interval}`,
    );
  for (const name of ['dedupe', 'delay', 'detached', 'signal'])
    expect(() => pool.timer(1, targets.echo, [1], { [name]: 1 } as never)).toThrow(
      `there is no option ${name}`,
    );
  expect(() => pool.timer(1, targets.echo, [1], { id: 'a:b' })).toThrow(/^id must be 1 to 200 characters/);
  expect(() => pool.timer(1, targets.echo, [new Date(0)])).toThrow(/^args\[0\] would not travel/);
});
