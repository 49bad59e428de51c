import { expect, it } from 'vitest';
import { poolStorm } from '../support/pool-storm.js';
import { anySeed, random } from '../support/random.js';

/** Minutes, as LONG says. */
const { LONG = '10' } = process.env;
const MS = Number(LONG) * 60_000;
const seed = anySeed();

it(
  `storms of jobs, with pauses, for ${LONG} minutes: seed ${seed}`,
  async () => {
    const next = random(seed);
    const end = performance.now() + MS;
    const all = { storms: 0, accepted: 0, completed: 0, failed: 0, cancelled: 0 };
    while (performance.now() < end) {
      const maxThreads = 1 + Math.floor(next() * 4);
      const ended = await poolStorm({
        seed: Math.floor(next() * 2 ** 31),
        pool: { maxThreads, minThreads: Math.floor(next() * (maxThreads + 1)) },
        jobs: 300,
        pause: next() < 0.5 ? 0 : 2000,
      });
      all.storms++;
      for (const [name, count] of Object.entries(ended)) all[name as keyof typeof ended] += count;
    }
    expect(all.completed + all.failed + all.cancelled).toBe(all.accepted);
    process.stdout.write(`${JSON.stringify(all)}\n`);
  },
  MS + 300_000,
);
