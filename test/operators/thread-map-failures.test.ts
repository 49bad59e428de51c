import { concat, from, ignoreElements, map, of, range, TimeoutError, timer } from 'rxjs';
import { Event, Semaphore, ThreadError, ThreadPool, threadMap, threadModule, transfer } from 'rxjs-threading';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { all } from '../support/outcomes.js';
import { turns, until } from '../support/turns.js';

const targets = threadModule<typeof import('../fixtures/operators/mapped.js')>(
  new URL('../fixtures/operators/mapped.js', import.meta.url),
);
const slow = threadModule<typeof import('../fixtures/operators/slow-to-load.js')>(
  new URL('../fixtures/operators/slow-to-load.js', import.meta.url),
);
const pool = new ThreadPool({ minThreads: 2, maxThreads: 2 });
beforeAll(() => pool.run(() => {}));
afterAll(() => pool.close());
const idle = () => until(() => pool.stats.busy + pool.stats.queued === 0);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Values that fail so many times, in this way. */
function failing(how: string, times: readonly number[]) {
  return from(times).pipe(map((times, value) => ({ value, how, times, calls: new SharedArrayBuffer(4) })));
}

describe('a worker of threadMap that still loads the target', () => {
  it('ends when there is nothing to map, though it did not listen when it was told', async () => {
    const onError = () => 'skip' as const;
    const source = concat(
      of(() => {}),
      timer(60).pipe(ignoreElements()),
    );
    expect(await all(source.pipe(threadMap(slow.same, { pool, onError })))).toEqual([]);
    await idle();
  });
});

describe('a worker of threadMap that is blocked by what a value has left behind', () => {
  it('is killed when no more is asked of it, and its pool goes on', async () => {
    await using one = new ThreadPool({ maxThreads: 1 });
    const hangsLater = (n: number): number => {
      const hang = (): void => {
        for (;;);
      };
      if (n === 2) setImmediate(() => setImmediate(hang));
      return n;
    };
    expect(await all(of(1, 2).pipe(threadMap(hangsLater, { pool: one, grace: 50 })))).toEqual([1, 2]);
    expect(await one.run(() => 'next')).toBe('next');
  });
});

describe('onError of threadMap', () => {
  it.each([
    { ordered: true, batch: 1 },
    { ordered: true, batch: 10 },
    { ordered: false, batch: 10 },
    { ordered: true, batch: 10, key: (value: number) => value % 3 },
  ])('skips what fails and is told of each, once: %o', async (options) => {
    const told: [string, unknown, number, number][] = [];
    const onError = (error: Error, value: number, attempt: number) => {
      told.push([error.message, error.cause, value, attempt]);
      return 'skip' as const;
    };
    const seen = await all(range(0, 20).pipe(threadMap(targets.failOddly, { pool, onError, ...options })));
    expect(seen.toSorted((a, b) => a - b)).toEqual(upTo(10).map((n) => 2 * n));
    if (options.ordered) expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    const odd = upTo(10).map((n) => 2 * n + 1);
    expect(told.toSorted(([, , a], [, , b]) => a - b)).toEqual(
      odd.map((value) => [`no ${value}`, { index: value, value }, value, 1]),
    );
  });

  it.each(['throw', 'exit'])('maps again what fails, in its place, as often as it says: %s', async (how) => {
    const attempts: unknown[] = [];
    const mapped = failing(how, [0, 2, 0, 1, 0]).pipe(
      threadMap(targets.failTimes, {
        pool,
        onError: (_, { value }, attempt) => {
          attempts.push([value, attempt]);
          return 'retry';
        },
      }),
    );
    expect(await all(mapped)).toEqual([0, 1, 2, 3, 4]);
    expect(attempts.toSorted()).toEqual([
      [1, 1],
      [1, 2],
      [3, 1],
    ]);
  });

  it.each([{}, { ordered: false }, { key: ({ value }: { value: number }) => value }])(
    'maps again the last of all, though those with which it was sent are passed on: %o',
    async (options) => {
      const onError = () => 'retry' as const;
      const mapped = failing('throw', [0, 0, 1]).pipe(
        threadMap(targets.failTimes, { pool, batch: 3, onError, ...options }),
      );
      expect(await all(mapped)).toEqual([0, 1, 2]);
    },
  );

  it('fails as before where it says so, after the results before it', async () => {
    const seen: number[] = [];
    const error = await new Promise((resolve) => {
      range(0, 9)
        .pipe(threadMap(targets.failOddly, { pool, onError: (_, n) => (n < 5 ? 'skip' : 'fail') }))
        .subscribe({ next: (value) => seen.push(value), error: resolve });
    });
    expect(seen).toEqual([0, 2, 4]);
    expect(error).toMatchObject({ name: 'RangeError', cause: { index: 5, value: 5 } });
  });

  it('takes the value alone that ended its worker, and maps the others again', async () => {
    const told: number[] = [];
    const mapped = failing('exit', [0, 0, 9, 0, 0, 0, 9, 0]).pipe(
      threadMap(targets.failTimes, {
        pool,
        batch: 8,
        onError: (error, { value }) => {
          expect(error).toMatchObject({ code: 'ERR_THREAD_DIED', cause: { index: value } });
          told.push(value);
          return 'skip';
        },
      }),
    );
    expect(await all(mapped)).toEqual([0, 1, 3, 4, 5, 7]);
    expect(told).toEqual([2, 6]);
  });

  it('has what a stream had sent before it failed, and once more what is mapped again', async () => {
    const calls = () => new SharedArrayBuffer(4);
    const plans = () => of({ value: 0, calls: calls(), times: 1 }, { value: 1, calls: calls(), times: 0 });
    const skipped = plans().pipe(threadMap(targets.threeThenFail, { pool, onError: () => 'skip' }));
    expect(await all(skipped)).toEqual(['0.0', '0.1', '0.2', '1.0', '1.1', '1.2']);
    const retried = await all(
      plans().pipe(threadMap(targets.threeThenFail, { pool, onError: () => 'retry' })),
    );
    expect(retried.slice(-6)).toEqual(['0.0', '0.1', '0.2', '1.0', '1.1', '1.2']);
    expect(retried.slice(0, -6).every((value) => String(value).startsWith('0.'))).toBe(true);
  });

  it('is asked about what cannot be sent, made or read, which is not mapped again', async () => {
    const told: unknown[] = [];
    const onError = (error: Error, _: unknown, attempt: number) => {
      told.push([(error as { code?: string }).code ?? error.name, attempt]);
      return 'skip' as const;
    };
    const source = range(0, 6).pipe(map((n) => (n === 2 ? () => n : n)));
    const target = (n: unknown) => (n === 4 ? () => n : n);
    expect(await all(source.pipe(threadMap(target, { pool, onError, batch: 6 })))).toEqual([0, 1, 3, 5]);
    expect(told).toEqual([
      ['TypeError', 1],
      ['ERR_CLONE', 1],
    ]);
    const again = source.pipe(threadMap(target, { pool, onError: () => 'retry', batch: 6 }));
    await expect(all(again)).rejects.toMatchObject({ name: 'TypeError', cause: { index: 2 } });
  });

  it('cannot have a value mapped again that has moved', async () => {
    const moving = of(transfer(Uint8Array.of(1)));
    const target = () => {
      throw new Error('sad');
    };
    await expect(all(moving.pipe(threadMap(target, { pool, onError: () => 'retry' })))).rejects.toThrow(
      'sad',
    );
  });

  it('is not asked about the source, the pool and the target, which end it', async () => {
    const onError = () => 'skip' as const;
    const missing = { module: new URL('../fixtures/operators/mapped.js', import.meta.url).href, export: 'x' };
    await expect(all(of(1).pipe(threadMap(missing, { pool, onError })))).rejects.toMatchObject({
      code: 'ERR_THREAD_TARGET',
    });
    const full = range(0, 9).pipe(threadMap((n: number) => n, { pool, onError, buffer: 2 }));
    await expect(all(full)).rejects.toMatchObject({ code: 'ERR_BUFFER_FULL' });
  });

  it('ends by what it throws, and by an answer that is none', async () => {
    const throwing = () => {
      throw new Error('worse');
    };
    const ends = (onError: unknown) =>
      all(range(0, 9).pipe(threadMap(targets.failOddly, { pool, onError: onError as () => 'skip' })));
    await expect(ends(throwing)).rejects.toThrow('worse');
    await expect(ends(() => 'again')).rejects.toThrow(/must return 'fail', 'skip' or 'retry', got 'again'/);
    await expect(ends(() => undefined)).rejects.toThrow(TypeError);
    expect(() => threadMap((n: number) => n, { onError: 'skip' as never })).toThrow(
      /onError must be a function, got 'skip'/,
    );
    await idle();
  });

  it('may leave, and the values go', async () => {
    const subscription = range(0, 9)
      .pipe(
        threadMap(targets.failOddly, {
          pool,
          onError: () => {
            subscription.unsubscribe();
            return 'retry';
          },
        }),
      )
      .subscribe({ error: () => expect.fail('an error') });
    await until(() => subscription.closed);
    await idle();
  });
});

describe('timeout of threadMap', () => {
  it('of 0 is none of a worker that has not begun with a value', async () => {
    const own = new ThreadPool({ minThreads: 0, maxThreads: 1 });
    const mapped = all(of(1).pipe(threadMap(slow.same, { pool: own, timeout: 0 })));
    await mapped.catch((error) => expect(error).toBeInstanceOf(TimeoutError));
    await until(() => own.stats.busy === 0);
    expect(own.stats.cancelled).toBeLessThan(2);
    await own.close();
  });

  it('fails as the value that takes too long, though it heeds no cancel, after the results before it', async () => {
    const begun = performance.now();
    const seen: unknown[] = [];
    const error = await new Promise<Error>((resolve) => {
      failing('spin', [0, 0, 1, 0])
        .pipe(threadMap(targets.failTimes, { pool, timeout: 200, grace: 10 }))
        .subscribe({ next: (value) => seen.push(value), error: resolve });
    });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(200);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.message).toBe("'threadMap (failTimes)' ran into its timeout of 200 ms");
    expect(error.cause).toMatchObject({ index: 2 });
    expect(seen).toEqual([0, 1]);
    await idle();
  });

  it('is of each value by itself, from when its worker begins with it', async () => {
    const took = new Float64Array(new SharedArrayBuffer(20 * 8));
    const late: number[] = [];
    const onError = (_: Error, { value }: { value: number }) => {
      late.push(value);
      return 'skip' as const;
    };
    const options = { pool, timeout: 500, concurrency: 1, batch: 20, onError };
    const mapped = range(0, 20).pipe(
      map((value) => ({ value, took })),
      threadMap(targets.spinAndTell, options),
    );
    const seen = (await all(mapped)) as number[];
    await idle();
    // On a machine that stands still meanwhile one may take longer.
    expect(late.filter((value) => (took[value] as number) < 500)).toEqual([]);
    expect([...seen, ...late].toSorted((a, b) => a - b)).toEqual(upTo(20));
  });

  it('counts no time that this thread was blocked after the value had ended', async () => {
    const mapped = all(range(0, 4).pipe(threadMap((n: number) => n, { pool, timeout: 100 })));
    await turns(1);
    const end = performance.now() + 500;
    while (performance.now() < end);
    expect(await mapped).toEqual([0, 1, 2, 3]);
  });

  it('is an error as others for onError: the others are mapped again, and it is not blamed on them', async () => {
    const told: unknown[] = [];
    const mapped = failing('spin', [0, 1, 0, 9, 0, 0]).pipe(
      threadMap(targets.failTimes, {
        pool,
        timeout: 300,
        grace: 10,
        batch: 6,
        onError: (error, { value }, attempt) => {
          told.push([value, attempt, error.name]);
          return attempt < 2 ? 'retry' : 'skip';
        },
      }),
    );
    expect(await all(mapped)).toEqual([0, 1, 2, 4, 5]);
    expect(told.toSorted()).toEqual([
      [1, 1, 'TimeoutError'],
      [3, 1, 'TimeoutError'],
      [3, 2, 'TimeoutError'],
    ]);
  });

  it.each(['skip', 'retry'] as const)(
    'gives the key of a value that still runs to nobody until that has ended: %s',
    async (verdict) => {
      const [begun, ended] = [new Semaphore(0), new Event()];
      const mapped = of(0, 1, 2).pipe(
        map((value) => ({ value, begun, ended })),
        threadMap(targets.spinOnAfterCancel, {
          pool,
          timeout: 100,
          key: () => 'one',
          onError: (_, __, attempt) => (attempt > 1 ? 'skip' : verdict),
        }),
      );
      expect(await all(mapped)).toEqual(['after', 'after']);
    },
  );

  it('of 0 fails at once what begins, and of what nothing ends is refused', async () => {
    await expect(
      all(failing('spin', [1]).pipe(threadMap(targets.failTimes, { pool, timeout: 0, grace: 10 }))),
    ).rejects.toThrow(TimeoutError);
    expect(() => threadMap((n: number) => n, { timeout: -1 })).toThrow(
      /timeout must be 0 ms or more, got -1/,
    );
    await idle();
  });
});

describe('onProgress of threadMap', () => {
  it('tells of which value it is, also after asynchronous hops, before its result', async () => {
    const told: unknown[] = [];
    const mapped = range(0, 8).pipe(
      map((n) => n * 10),
      threadMap(targets.reportTwice, {
        pool,
        concurrency: 8,
        ordered: false,
        onProgress: (progress, value, index) => told.push([progress, value, index]),
      }),
      map((value) => told.push([`${value} result`])),
    );
    await all(mapped);
    for (const index of upTo(8)) {
      const value = index * 10;
      const mine = told.filter((one) => `${(one as unknown[])[0]}`.startsWith(`${value} `));
      expect(mine).toEqual([
        [`${value} begins`, value, index],
        [`${value} ends`, value, index],
        [`${value} result`],
      ]);
    }
  });

  it('is there for targets that stream, and with a key', async () => {
    const told: unknown[] = [];
    const options = {
      pool,
      key: (n: number) => n % 2,
      onProgress: (progress: unknown, value: number) => told.push([value, progress]),
    };
    expect(await all(of(1, 5, 7).pipe(threadMap(targets.reportAndStream, options)))).toEqual([
      1, 2, 5, 6, 7, 8,
    ]);
    expect(told.toSorted()).toEqual([1, 5, 7].flatMap((n) => [0, 1].map((at) => [n, at])));
  });

  it('is not needed: what is reported goes nowhere then', async () => {
    expect(await all(of(1, 2).pipe(threadMap(targets.reportTwice, { pool })))).toEqual([1, 2]);
  });

  it('fails the value whose progress cannot be cloned, and ends by what it throws', async () => {
    await expect(
      all(of(1).pipe(threadMap(targets.reportFunction, { pool, onProgress: () => {} }))),
    ).rejects.toMatchObject({ code: 'ERR_CLONE', cause: { index: 0 } });
    const onProgress = () => {
      throw new ThreadError('enough');
    };
    await expect(all(of(1).pipe(threadMap(targets.reportTwice, { pool, onProgress })))).rejects.toThrow(
      'enough',
    );
    expect(() => threadMap((n: number) => n, { onProgress: 1 as never })).toThrow(
      /onProgress must be a function, got 1/,
    );
    await idle();
  });
});
