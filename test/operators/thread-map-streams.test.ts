import { count, distinctUntilChanged, from, lastValueFrom, toArray } from 'rxjs';
import { type ThreadMapOptions, ThreadPool, threadMap, transfer } from 'rxjs-threading';
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

const longOf = async (bytes: Uint8Array): Promise<Generator<number>> => {
  const [n = 0] = bytes;
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
    for (const values of all) await expectInOrder(values, 12);
  });

  it('end where several threadMaps of values that move share a pool', async () => {
    await using pool = new ThreadPool({ maxThreads: 2, minThreads: 2 });
    await pool.warmUp();
    const bytes = (): Uint8Array[] => upTo(12).map((n) => transfer(Uint8Array.of(n)));
    const mapped = [1, 2, 3].map(() => from(bytes()).pipe(threadMap(longOf, { pool }), toArray()));
    for (const values of await Promise.all(mapped.map((one) => lastValueFrom(one))))
      await expectInOrder(values, 12);
  });

  it.each<[string, number[], ThreadMapOptions<number>]>([
    ['behind one of another key in its batch', [0, 1, 0], { batch: 3 }],
    ['while each batch is at one of another key', [0, 1, 2, 0, 1, 2, 0, 1, 2], { batch: 3, concurrency: 1 }],
  ])('end where the next waits %s', async (_, keys, options) => {
    await using pool = new ThreadPool({ maxThreads: 1 });
    const key = (n: number): unknown => keys[n];
    const mapped = from(keys.keys()).pipe(threadMap(long, { pool, key, ...options }), toArray());
    await expectInOrder(await lastValueFrom(mapped), keys.length);
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

async function expectInOrder(values: readonly number[], most: number): Promise<void> {
  expect(values.length).toBe(most * LONG);
  expect(await lastValueFrom(from(values).pipe(distinctUntilChanged(), toArray()))).toEqual(upTo(most));
}

function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
