import { count, distinctUntilChanged, from, lastValueFrom, toArray } from 'rxjs';
import { type ThreadMapOptions, ThreadPool, threadMap } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

/** More than a worker sends before what stands before them has been passed on. */
const LONG = 3000;

interface Piece {
  readonly n: number;
  /** How often each value has been called. */
  readonly calls: Int32Array;
  /** Fails so often. */
  readonly fails: number;
}

/** Every third waits for a while, then fails or gives one value; the others stream at once. */
const streamed = async ({ n, calls, fails }: Piece): Promise<Generator<number>> => {
  if (n % 3 === 0) await new Promise((done) => setTimeout(done, 15));
  if (n % 3 === 0 && Atomics.add(calls, n, 1) < fails) throw new Error('not yet');
  return (function* () {
    for (let nth = 0; nth < (n % 3 === 0 ? 1 : 3000); nth++) yield n;
  })();
};

const long = async (n: number): Promise<Generator<number>> => {
  if (n % 3 === 0) await new Promise((done) => setTimeout(done, 5));
  return (function* () {
    for (let nth = 0; nth < 3000; nth++) yield n;
  })();
};

const upTo = (most: number): number[] => Array.from({ length: most }, (_, n) => n);

describe('streams in order, longer than a worker sends ahead', () => {
  const map = async (pool: ThreadPool, options: ThreadMapOptions<number>): Promise<number[]> => {
    const values = from(upTo(12)).pipe(threadMap(long, { pool, ...options }));
    return await lastValueFrom(values.pipe(toArray()));
  };

  it.each<[string, ThreadMapOptions<number>]>([
    ['each by itself', { batch: 1 }],
    ['as many together as take a millisecond', {}],
    ['of keys', { key: (n) => n % 5 }],
  ])('end where several threadMaps share a pool: %s', async (_, options) => {
    await using pool = new ThreadPool({ maxThreads: 2, minThreads: 2 });
    await pool.warmUp();
    const all = await Promise.all([1, 2, 3].map(() => map(pool, options)));
    for (const values of all) {
      expect(values.length).toBe(12 * LONG);
      expect(await lastValueFrom(from(values).pipe(distinctUntilChanged(), toArray()))).toEqual(upTo(12));
    }
  });

  it('end where one before them is mapped again while other jobs wait for the workers', async () => {
    await using pool = new ThreadPool({ maxThreads: 2, minThreads: 2 });
    await pool.warmUp();
    const calls = new Int32Array(new SharedArrayBuffer(4 * 30));
    const pieces = from(upTo(30).map((n): Piece => ({ n, calls, fails: 2 })));
    const mapped = pieces.pipe(threadMap(streamed, { pool, batch: 1, onError: () => 'retry' }), count());
    let over = false;
    const others = async (): Promise<void> => {
      while (!over) {
        await pool.room({ buffer: 6 });
        pool.run(spin, [4]).subscribe();
      }
    };
    const kept = others();
    expect(await lastValueFrom(mapped)).toBe(10 + 20 * LONG);
    over = true;
    await kept;
  });
});

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
