import { expect, it } from 'vitest';
import { tried } from '../support/long/tried.js';
import { poolStorm } from '../support/pool-storm.js';
import { anySeed, random } from '../support/random.js';

/** Minutes. */
const LONG = Number(process.env.LONG ?? 10);
const seed = anySeed();

it(`storms of jobs, with pauses of up to 2 s, for ${LONG} minutes: seed ${seed}`, {
  timeout: (LONG + 5) * 60_000,
}, async (context) => {
  const next = random(seed);
  const end = performance.now() + LONG * 60_000;
  const all = { accepted: 0, completed: 0, failed: 0, cancelled: 0 };
  while (performance.now() < end) {
    const maxThreads = 1 + Math.floor(next() * 4);
    const ended = await poolStorm({
      seed: Math.floor(next() * 2 ** 31),
      pool: { maxThreads, minThreads: Math.floor(next() * (maxThreads + 1)) },
      jobs: 300,
      pause: next() < 0.5 ? 0 : 2000,
    });
    tried(context, 'storms', 1);
    for (const [how, count] of Object.entries(ended)) all[how as keyof typeof ended] += count;
  }
  for (const [how, count] of Object.entries(all)) tried(context, `jobs ${how}`, count);
  expect(all.completed + all.failed + all.cancelled).toBe(all.accepted);
});
