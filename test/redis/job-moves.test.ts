// What the engine is asked for a job, and that nobody sleeps on while there is one: see job-moves.ts.

import { setTimeout as pause } from 'node:timers/promises';
import { firstValueFrom } from 'rxjs';
import { expect, test } from 'vitest';
import { counts, Farm, targets, until } from '../support/job-farm.js';
import { onRedis } from '../support/on-redis.js';

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
