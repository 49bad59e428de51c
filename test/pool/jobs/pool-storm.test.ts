import { Event, setExcepthook, Thread, ThreadPool, threadModule } from 'rxjs-threading';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { random } from '../../support/random.js';
import { turns, until } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);

beforeEach(() => setExcepthook(() => {}));
afterEach(() => setExcepthook(null));

/** Of a hundred jobs, how many do what. */
const KINDS = [
  ...new Array<string>(42).fill('return'),
  ...new Array<string>(20).fill('wait'),
  ...new Array<string>(12).fill('block'),
  ...new Array<string>(10).fill('throw'),
  ...new Array<string>(10).fill('report'),
  ...new Array<string>(4).fill('leave'),
  'exit',
  'crash',
];

it.each([1, 2])(
  'a storm of 2,000 jobs adds up: seed %i',
  async (seed) => {
    const next = random(seed);
    const pool = new ThreadPool({ maxThreads: 3, minThreads: seed % 2 });
    const abort = new AbortController();
    let accepted = 0;
    let told = 0;
    let left = 0;
    let refused = 0;
    const run = (depth: number): void => {
      accepted++;
      const kind = KINDS[Math.floor(next() * KINDS.length)] as string;
      const options = { grace: next() < 0.2 ? 0 : 200, ...(next() < 0.3 && { signal: abort.signal }) };
      const end = (): void => {
        told++;
        // A nested run, once and again.
        if (depth < 2 && accepted < 2000 && next() < 0.3) run(depth + 1);
      };
      if (next() < 0.1) {
        const thread = new Thread({ target: jobs.storm, args: [kind, next() * 5], pool }).start();
        thread.result().subscribe({ error: end, complete: end });
        if (next() < 0.3) setTimeout(() => void thread.terminate(), next() * 100);
        return;
      }
      if (options.signal?.aborted === true) refused++;
      const subscription = pool
        .run(jobs.storm, [kind, next() * 5], options)
        .subscribe({ error: end, complete: end });
      if (next() < 0.25) {
        const leave = (): void => {
          if (!subscription.closed) left++;
          subscription.unsubscribe();
        };
        if (next() < 0.3) leave();
        else setTimeout(leave, next() * 200);
      }
    };
    while (accepted < 2000) {
      for (let burst = Math.floor(next() * 60); burst >= 0 && accepted < 2000; burst--) run(0);
      if (next() < 0.1) await turns(1 + Math.floor(next() * 20));
      if (accepted > 1000 && !abort.signal.aborted) abort.abort();
    }
    await until(() => told + left === accepted);
    await until(() => pool.stats.busy === 0);
    const { completed, failed, cancelled, queued, starved } = pool.stats;
    // Those of a signal that is aborted already are not accepted.
    expect(completed + failed + cancelled).toBe(accepted - refused);
    expect({ queued, starved, told: told + left }).toEqual({ queued: 0, starved: false, told: accepted });
    expect(Math.min(completed, failed, cancelled)).toBeGreaterThan(10);
    expect(await pool.run((n: number) => n, [7])).toBe(7);
    await pool.close();
    expect(pool.stats).toMatchObject({ threads: 0, busy: 0, queued: 0 });
  },
  60_000,
);

it('is finished by close when it comes in the middle', async () => {
  const next = random(7);
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
