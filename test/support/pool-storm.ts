import {
  enumerate,
  setExcepthook,
  Thread,
  ThreadPool,
  type ThreadPoolOptions,
  threadModule,
} from 'rxjs-threading';
import { expect } from 'vitest';
import { random, sleep } from './random.js';
import { turns, untilWithin } from './turns.js';

const jobs = threadModule<typeof import('../fixtures/pool-jobs.js')>(
  new URL('../fixtures/pool-jobs.js', import.meta.url),
);

/** What the jobs of a storm do, and how many of a hundred do it. */
const KINDS: Record<string, number> = {
  return: 36,
  wait: 18,
  block: 12,
  throw: 8,
  report: 10,
  leave: 5,
  spin: 5,
  exit: 3,
  crash: 3,
};
const DRAWN = Object.entries(KINDS).flatMap(([kind, share]) => new Array<string>(share).fill(kind));

export interface Storm {
  readonly seed: number;
  readonly pool: ThreadPoolOptions;
  readonly jobs: number;
  /** The longest pause between two bursts, in ms; 0: turns of the event loop at most. */
  readonly pause: number;
}

/** How many jobs of a storm ended how. */
export interface StormCount {
  accepted: number;
  completed: number;
  failed: number;
  cancelled: number;
}

/**
 * Jobs in bursts, as runs and as Threads, that return, throw, hang, exit, crash, are left, aborted, timed out and
 * terminated, with pauses between. Every job that was accepted has to end in exactly one way, each error be told once,
 * and the pool be as good as new.
 */
export async function poolStorm({ seed, pool: options, jobs: most, pause }: Storm): Promise<StormCount> {
  const next = random(seed);
  const pool = new ThreadPool(options);
  const unheard: unknown[] = [];
  setExcepthook(({ error }) => unheard.push(error));
  let abort = new AbortController();
  let accepted = 0;
  let told = 0;
  let left = 0;

  const thread = (kind: string): void => {
    const started = new Thread({ target: jobs.storm, args: [kind, next() * 5], pool }).start();
    const end = (): number => told++;
    started.result().subscribe({ error: end, complete: end });
    if (kind === 'spin' || next() < 0.3) setTimeout(() => void started.terminate(), next() * 100);
  };

  const run = (kind: string, depth: number): void => {
    const signal = next() < 0.3 ? abort.signal : undefined;
    const timeout = kind === 'spin' || next() < 0.1 ? next() * 100 : undefined;
    const end = (): void => {
      told++;
      // A nested run, once and again.
      if (depth < 2 && accepted < most && next() < 0.3) submit(depth + 1);
    };
    const subscription = pool
      .run(jobs.storm, [kind, next() * 5], {
        grace: next() < 0.2 ? 0 : 100,
        ...(signal && { signal }),
        ...(timeout !== undefined && { timeout }),
      })
      .subscribe({ error: end, complete: end });
    const leave = (): void => {
      if (!subscription.closed) left++;
      subscription.unsubscribe();
    };
    const how = next();
    if (how < 0.07) leave();
    else if (how < 0.25) setTimeout(leave, next() * 200);
  };

  const submit = (depth: number): void => {
    accepted++;
    const kind = DRAWN[Math.floor(next() * DRAWN.length)] as string;
    if (next() < 0.1) thread(kind);
    else run(kind, depth);
  };

  while (accepted < most) {
    for (let burst = Math.floor(next() * 60); burst >= 0 && accepted < most; burst--) submit(0);
    if (next() < 0.1) {
      // What an abort has end may submit more, with the signal of the next.
      const now = abort;
      abort = new AbortController();
      now.abort();
    }
    const calm = next();
    if (calm < 0.3) await turns(1 + Math.floor(next() * 20));
    else if (pause > 0 && calm < 0.6) await untilWithin(60_000, () => told + left === accepted);
    if (pause > 0 && calm > 0.3) await sleep(next() < 0.5 ? next() * 50 : next() * pause);
  }

  await untilWithin(60_000, () => told + left === accepted);
  await untilWithin(60_000, () => pool.stats.busy === 0);
  const { completed, failed, cancelled, queued, starved, threads } = pool.stats;
  expect({ ended: completed + failed + cancelled, queued, starved }).toEqual({
    ended: accepted,
    queued: 0,
    starved: false,
  });
  expect(threads).toBeLessThanOrEqual(pool.piscina.maxThreads);
  expect(enumerate().filter(({ ident }) => ident !== enumerate()[0]?.ident)).toEqual([]);
  await sleep(next() * pause);
  const after = Array.from({ length: 20 }, (_, n) => n);
  expect(await Promise.all(after.map((n) => pool.run((m: number) => m, [n]).then((value) => value)))).toEqual(
    after,
  );
  await pool.close();
  expect(pool.stats).toMatchObject({ threads: 0, busy: 0, queued: 0 });
  expect(enumerate()).toHaveLength(1);
  setExcepthook(null);
  // All errors were told to those who run the jobs, or nobody wanted them any more.
  expect(unheard).toEqual([]);
  return { accepted, completed, failed, cancelled };
}
