// Values that throw, hang, exit, crash and are killed, under every mix of options: each comes out once or is skipped, those
// of one key never overlap, nothing is left, and the pool is as good as new.
import { from, type Observable } from 'rxjs';
import {
  pulled,
  setExcepthook,
  type ThreadMapOptions,
  ThreadPool,
  threadMap,
  threadModule,
} from 'rxjs-threading';
import { afterAll, expect, it } from 'vitest';
import { random } from '../support/random.js';
import { untilWithin } from '../support/turns.js';

const targets = threadModule<typeof import('../fixtures/operators/mapped.js')>(
  new URL('../fixtures/operators/mapped.js', import.meta.url),
);
const pool = new ThreadPool({ minThreads: 2, maxThreads: 2 });
afterAll(() => pool.close());

const VALUES = 24;
const KEYS = 5;
const KINDS = ['throw', 'exit', 'crash', 'hang', 'spin', 'spinForEver', 'kill', 'later', 'later', 'stream'];

interface Plan {
  readonly kind: string;
  readonly times: number;
  readonly index: number;
  readonly lane: number;
  readonly lanes: number;
  readonly buffer: SharedArrayBuffer;
}

function draw(seed: number) {
  const next = random(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  const [keyed, bounded, ordered] = [next() < 0.5, next() < 0.5, next() < 0.5];
  const lanes = keyed ? KEYS : VALUES;
  const buffer = new SharedArrayBuffer(4 * (1 + lanes + VALUES));
  const plans: Plan[] = Array.from({ length: VALUES }, (_, index) => ({
    kind: next() < 0.7 ? 'now' : pick(KINDS),
    times: pick([1, 1, 2, 99]),
    index,
    lane: keyed ? Math.floor(next() * KEYS) : index,
    lanes,
    buffer,
  }));
  const told = new Set<number>();
  const options: ThreadMapOptions<Plan> = {
    pool,
    ordered,
    timeout: 150,
    grace: 20,
    concurrency: pick([1, 2, 4, 8]),
    onError: (_, { times, index }, attempt) => {
      if (times < 99 || attempt < 2) return 'retry';
      told.add(index);
      return 'skip';
    },
    onProgress: () => {},
    ...(keyed && { key: ({ lane }: Plan) => lane }),
    ...(bounded && { buffer: pick([1, 3, 20]) }),
    ...(next() < 0.5 && { batch: pick([1, 4, 30]) }),
  };
  const source: Observable<Plan> = bounded ? pulled(plans) : from(plans);
  const leaveAfter = next() < 0.3 ? Math.floor(next() * VALUES) : Number.POSITIVE_INFINITY;
  return { plans, source, options, told, leaveAfter, violations: () => new Int32Array(buffer)[0] };
}

const SEEDS = Array.from({ length: 6 }, (_, index) => 700 + index);

it.each(SEEDS)('of seed %i', { timeout: 60_000 }, async (seed) => {
  const { plans, source, options, told, leaveAfter, violations } = draw(seed);
  const unheard: unknown[] = [];
  setExcepthook(({ error }) => unheard.push(error));
  const seen: number[] = [];
  const end = await new Promise<unknown>((resolve) => {
    const subscription = source.pipe(threadMap<Plan, number>(targets.weather as never, options)).subscribe({
      next: (value) => {
        if (seen.push(value) < leaveAfter) return;
        resolve('left');
        setImmediate(() => subscription.unsubscribe());
      },
      error: resolve,
      complete: () => resolve('complete'),
    });
  });
  expect(end).toBe(leaveAfter < seen.length + 1 ? 'left' : 'complete');
  if (end === 'complete') {
    const expected = plans.filter(({ index }) => !told.has(index)).map(({ index }) => index);
    expect([...new Set(seen)].toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
    if (options.ordered) expect([...new Set(seen)]).toEqual(expected);
    // Of a stream that was mapped again, what had been passed on remains.
    for (const { index, kind } of plans)
      if (kind !== 'stream') expect(seen.filter((one) => one === index).length).toBeLessThanOrEqual(1);
  }
  expect([...told].filter((index) => plans[index]?.times !== 99)).toEqual([]);
  await untilWithin(20_000, () => pool.stats.busy + pool.stats.queued === 0);
  expect(violations()).toBe(0);
  expect(await pool.run((n: number) => n, [seed])).toBe(seed);
  setExcepthook(null);
  expect(unheard).toEqual([]);
});
