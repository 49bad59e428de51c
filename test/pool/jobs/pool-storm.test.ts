import { Event, setExcepthook, ThreadPool, threadModule } from 'rxjs-threading';
import { afterEach, expect, it } from 'vitest';
import { poolStorm } from '../../support/pool-storm.js';
import { anySeed, random } from '../../support/random.js';
import { turns } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);
const seed = anySeed();
afterEach(() => setExcepthook(null));

it.each([0, 1])(
  `a storm of 100 jobs adds up: %i kept, seed ${seed}`,
  async (minThreads) => {
    const { completed, failed, cancelled } = await poolStorm({
      seed: seed + minThreads,
      pool: { maxThreads: 3, minThreads },
      jobs: 100,
      pause: 0,
    });
    // The seed draws how many of each.
    expect(Math.min(completed, failed, cancelled)).toBeGreaterThan(0);
  },
  90_000,
);

it.each([1, 2])(
  `so does one with pauses, between a death and the next job too: %i workers, seed ${seed}`,
  async (maxThreads) => {
    await poolStorm({ seed: seed + maxThreads, pool: { maxThreads }, jobs: 60, pause: 2000 });
  },
  90_000,
);

const KINDS = [
  ...new Array<string>(24).fill('return'),
  'wait',
  'block',
  'throw',
  'report',
  'leave',
  'exit',
  'crash',
];

it(`is finished by close when it comes in the middle: seed ${seed}`, async () => {
  setExcepthook(() => {});
  const next = random(seed);
  const pool = new ThreadPool({ maxThreads: 2 });
  const ends: string[] = [];
  const begun = new Event();
  void pool.run(jobs.hold, [begun, begun]).then();
  for (let n = 0; n < 300; n++) {
    const kind = KINDS[Math.floor(next() * KINDS.length)] as string;
    pool
      .run(jobs.storm, [kind, next() * 3])
      .subscribe({ error: () => ends.push('error'), complete: () => ends.push('complete') });
    if (n === 200) await turns(10);
  }
  await pool.close();
  expect(ends).toHaveLength(300);
  const { completed, failed, cancelled } = pool.stats;
  expect([completed + failed, cancelled]).toEqual([301, 0]);
  expect(ends.filter((end) => end === 'error')).toHaveLength(failed);
}, 60_000);
