// What the engine is asked for a job, and that nobody sleeps on while there is one: see job-moves.ts.

import { setTimeout as pause } from 'node:timers/promises';
import { firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { counts, Farm, targets, until } from '../support/job-farm.js';
import { onRedis } from '../support/on-redis.js';
import { tcpProxy } from '../support/tcp-proxy.js';

const engine = onRedis();

async function calls(...commands: readonly string[]): Promise<number> {
  const told = await engine.client.info('commandstats');
  const found = commands.map((name) => new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(told)?.[1] ?? 0);
  return found.reduce((sum: number, one) => sum + Number(one), 0);
}

test('jobs that come one by one are added, handed out and ended by a script each, and waited for once each', async () => {
  await using farm = new Farm(engine.server);
  farm.serve();
  for (let n = 0; n < 10; n++) await farm.pool.run(targets.echo, [n]);
  const [scripts, waits] = [await calls('evalsha', 'eval'), await calls('bzpopmin')];
  for (let n = 0; n < 50; n++) expect(await farm.pool.run(targets.echo, [n])).toBe(n);
  // And what a session asks now and then.
  expect((await calls('evalsha', 'eval')) - scripts).toBeLessThanOrEqual(50 * 3 + 15);
  expect((await calls('bzpopmin')) - waits).toBeLessThanOrEqual(50 + 15);
});

test.for([
  { servings: 1, concurrency: 2 },
  { servings: 2, concurrency: 1 },
])(
  'a job that comes behind the last that waited begins while that one runs: %o',
  async ({ servings, concurrency }) => {
    await using farm = new Farm(engine.server);
    for (let n = 0; n < servings; n++) farm.serve({ concurrency });
    const ended: string[] = [];
    let tellBegan = (): void => {};
    const began = new Promise<void>((resolve) => {
      tellBegan = resolve;
    });
    const long = farm.pool
      .run(targets.reportAndSleep, ['long', 4000], { onProgress: tellBegan })
      .then((name) => ended.push(name));
    await began;
    for (let n = 0; n < 3; n++) ended.push(await farm.pool.run(targets.echo, ['short']));
    await long;
    expect(ended).toEqual(['short', 'short', 'short', 'long']);
  },
);

test('a job whose time comes begins then, whatever is handed out and ends before', async () => {
  await using farm = new Farm(engine.server);
  farm.serve({ concurrency: 3 });
  const ended: string[] = [];
  const long = farm.pool.run(targets.slowly, ['long', 4000]).then((name) => ended.push(name));
  const late = farm.pool.run(targets.echo, ['late'], { delay: 1000 }).then((name) => ended.push(name));
  const several = [1, 2, 3, 4, 5];
  for (let n = 0; n < 10; n++) await Promise.all(several.map((one) => farm.pool.run(targets.echo, [one])));
  await Promise.all([long, late]);
  expect(ended).toEqual(['late', 'long']);
});

test('a job with a priority that is given back begins where another waits for jobs', async () => {
  await using farm = new Farm(engine.server);
  const ended: string[] = [];
  const begun = (name: string, ms: number, priority: number) =>
    new Promise<void>((onProgress) => {
      const job = farm.pool.run(targets.reportAndSleep, [name, ms], {
        priority,
        onProgress: () => onProgress(),
      });
      running.push(job.then((value) => ended.push(value)));
    });
  const running: PromiseLike<unknown>[] = [];
  const one = farm.serve({ concurrency: 1 });
  await begun('given back', 1000, 1);
  farm.serve({ concurrency: 2 });
  // BullMQ looks for jobs by itself each five seconds.
  await begun('long', 4000, 0);
  await one.close({ timeout: 0 });
  await Promise.all(running);
  expect(ended).toEqual(['given back', 'long']);
});

test('a delayed job begins when it is due, though who was to look for it then has closed', async () => {
  await using farm = new Farm(engine.server);
  const one = farm.serve();
  await farm.pool.run(targets.echo, [1]);
  farm.serve();
  await until(async () => `${await engine.client.client('LIST')}`.split('cmd=bzpopmin').length === 3);
  const marker = `{${farm.namespace}}:jobs:jobs:marker`;
  const job = farm.pool.run(targets.echo, ['due'], { delay: 1000 });
  const due = firstValueFrom(job);
  await until(
    async () => (await counts(farm.pool)).delayed === 1 && (await engine.client.exists(marker)) === 0,
  );
  await one.close();
  // BullMQ looks by itself each five seconds.
  expect(await Promise.race([due, pause(3000, 'late')])).toBe('due');
});

describe('a job begins soon where the mark that tells of it is lost', () => {
  const blocked = async () => `${await engine.client.client('LIST')}`.split('cmd=bzpopmin').length - 1;
  /** While one is delayed BullMQ looks by itself each ten seconds. */
  const withOneFarOff = async ({ pool }: Farm) => {
    pool.timer(3_600_000, targets.echo, [1]);
    await until(async () => (await counts(pool)).delayed === 1);
  };
  const inTime = async (done: Promise<unknown>) =>
    expect(await Promise.race([done, pause(6000, 'late')])).toBe('done');

  test('with one whose link leads nowhere', async () => {
    await using farm = new Farm(engine.server);
    await withOneFarOff(farm);
    const link = await tcpProxy(engine.server.port);
    const { namespace } = farm;
    const deaf = new Farm(engine.server, { connection: link.url, namespace });
    try {
      deaf.serve();
      await until(async () => (await blocked()) === 1);
      link.stall();
      farm.serve();
      await until(async () => (await blocked()) === 2);
      await inTime(firstValueFrom(farm.pool.run(targets.echo, ['done'])));
    } finally {
      link.cut();
      link.open();
      await deaf[Symbol.asyncDispose]();
      await link.close();
    }
  });

  test('with one that is killed before it is due', async () => {
    await using farm = new Farm(engine.server);
    await withOneFarOff(farm);
    const child = farm.start();
    await until(async () => (await blocked()) === 1);
    farm.serve();
    await until(async () => (await blocked()) === 2);
    const job = firstValueFrom(farm.pool.run(targets.echo, ['done'], { delay: 1000 }));
    const marker = `{${farm.namespace}}:jobs:jobs:marker`;
    await until(async () => (await counts(farm.pool)).delayed === 2);
    await until(async () => (await engine.client.exists(marker)) === 0);
    await farm.kill(child);
    await inTime(job);
  });
});
