import { firstValueFrom, from, mergeMap, reduce } from 'rxjs';
import { expect, it } from 'vitest';
import { commandsOf, counts, Farm, targets, until } from '../support/job-farm.js';
import { tried } from '../support/long/tried.js';
import { anySeed, random } from '../support/random.js';
import { redisServer } from '../support/redis-server.js';

const seed = anySeed();

it(`5,000 jobs give exactly one result each, though processes are killed at random: seed ${seed}`, async (context) => {
  const server = await redisServer();
  const farm = new Farm(server, { lease: 2000, pool: { retry: { maxDeaths: 1000 } } });
  try {
    const next = random(seed);
    const workers = [farm.start(), farm.start(), farm.start()];
    const results = new Set<number>();
    let told = 0;
    const sum = firstValueFrom(
      from(Array.from({ length: 5000 }, (_, n) => n)).pipe(
        mergeMap((n) => farm.pool.run(targets.slowly, [n, 10]), 300),
        reduce((all, n) => {
          told++;
          results.add(n);
          return all + n;
        }, 0),
      ),
    );
    for (let killAt = 200; killAt < 5000; killAt += 200 + Math.floor(next() * 800)) {
      await until(() => told >= killAt);
      const one = workers.splice(Math.floor(next() * workers.length), 1)[0];
      if (one !== undefined) await farm.kill(one);
      workers.push(farm.start());
      tried(context, 'processes killed', 1);
    }
    expect(await sum).toBe((5000 * 4999) / 2);
    expect([told, results.size]).toEqual([5000, 5000]);
    tried(context, 'jobs', 5000);
  } finally {
    await farm[Symbol.asyncDispose]();
    await server.stop();
  }
});

/** What the engine puts by for itself, in bytes; a key left behind by each of 10,000 would be five times that. */
const ENGINE_MEMORY = 200_000;

it('10,000 jobs that are left leave the engine as it was', async (context) => {
  const server = await redisServer();
  const farm = new Farm(server, { lease: 5000 });
  try {
    farm.serve();
    const { pool } = farm;
    const engine = await commandsOf(pool);
    await pool.run(targets.nothing);
    const round = async (jobs: number) => {
      const all = Array.from({ length: jobs }, () => pool.run(targets.wait).subscribe());
      await until(async () => ((await counts(pool)).active ?? 0) > 0);
      for (const one of all) one.unsubscribe();
      await until(async () => {
        const { active, waiting, delayed } = await counts(pool);
        return active === 0 && waiting === 0 && delayed === 0;
      });
    };
    // What BullMQ keeps of the last jobs, whatever their number, is there by then.
    await round(1000);
    // Its session has keys too, and may be slower than the jobs.
    await until(async () => (await farm.machines.enumerate()).length === 1);
    const used = async () => Number(/used_memory:(\d+)/.exec(await engine.info('memory'))?.[1]);
    const before = { keys: await engine.dbsize(), memory: await used() };
    await round(10_000);
    await until(async () => (await engine.dbsize()) <= before.keys);
    await until(async () => (await used()) <= before.memory + ENGINE_MEMORY);
    expect(await counts(pool)).toMatchObject({ failed: 0, completed: 1 });
    tried(context, 'jobs left', 10_000);
  } finally {
    await farm[Symbol.asyncDispose]();
    await server.stop();
  }
});
