// Sources, callbacks and workers of threadMap at their worst.
import { setEnvironmentData } from 'node:worker_threads';
import {
  firstValueFrom,
  lastValueFrom,
  Observable,
  of,
  range,
  Subject,
  type Subscription,
  take,
  tap,
  toArray,
} from 'rxjs';
import {
  currentThread,
  enumerate,
  pulled,
  type ThreadMapOptions,
  ThreadPool,
  threadMap,
  threadModule,
} from 'rxjs-threading';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turns, until } from '../support/turns.js';

const targets = threadModule<typeof import('../fixtures/operators/mapped.js')>(
  new URL('../fixtures/operators/mapped.js', import.meta.url),
);
const dying = threadModule<typeof import('../fixtures/operators/dies-as-it-loads.js')>(
  new URL('../fixtures/operators/dies-as-it-loads.js', import.meta.url),
);
const deaths = new Int32Array(new SharedArrayBuffer(4));
setEnvironmentData('deaths as it loads', deaths.buffer);
const pool = new ThreadPool({ minThreads: 2, maxThreads: 2 });
beforeAll(() => pool.run(() => {}));
afterAll(() => pool.close());
const same = <T>(value: T): T => value;
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const idle = () => until(() => pool.stats.busy + pool.stats.queued === 0);

describe('a pulled source that never ends and never waits', () => {
  it.each(['synchronous', 'asynchronous'])('lets the event loop turn: %s', async (kind) => {
    let [made, sinceTurn, most] = [0, 0, 0];
    const one = () => {
      most = Math.max(most, ++sinceTurn);
      return made++;
    };
    function* endless() {
      for (;;) yield one();
    }
    async function* endlessLater() {
      for (;;) yield one();
    }
    const source = kind === 'synchronous' ? endless() : endlessLater();
    let ended = false;
    const mapped = lastValueFrom(pulled(source).pipe(threadMap(same<number>, { pool }), take(100_000)));
    void mapped.finally(() => {
      ended = true;
    });
    while (!ended) {
      await turns(1);
      sinceTurn = 0;
    }
    expect(await mapped).toBe(99_999);
    expect(most).toBeLessThanOrEqual(2 * 4096);
  });
});

describe('workers of threadMap that die before they begin', () => {
  it('are borne as often as it may be, where values are mapped in between', async () => {
    const single = new ThreadPool({ maxThreads: 1 });
    const source = new Subject<number>();
    const seen: number[] = [];
    const mapped = source
      .pipe(threadMap(dying.same, { pool: single }))
      .subscribe((value) => seen.push(value as number));
    for (let value = 0; value < 4; value++) {
      deaths[0] = 2;
      source.next(value);
      await until(() => seen.length > value || mapped.closed);
      expect(seen).toEqual(upTo(value + 1));
      await until(() => single.stats.busy === 0);
      // The worker has the module now, and another one is to load it.
      await expect(single.run(() => process.exit(1))).rejects.toThrow('died');
    }
    mapped.unsubscribe();
    await single.close();
  });

  it('and are too many when none gets there', async () => {
    deaths[0] = 9;
    const mapped = firstValueFrom(of(1).pipe(threadMap(dying.same, { pool })));
    await expect(mapped).rejects.toMatchObject({ code: 'ERR_THREAD_DIED' });
    deaths[0] = 0;
    await idle();
  });
});

/** Each subscribes to a threadMap of which a callback calls `leave`, and returns how to tell whether it did. */
type Leaver = (leave: () => void) => Observable<unknown>;
const mapOf = (source: Observable<number>, options: ThreadMapOptions<number>) =>
  source.pipe(threadMap(targets.failOddly, { pool, ...options }));
const iterating = (iterator: () => Partial<Iterator<number>>) =>
  pulled({ [Symbol.iterator]: iterator } as Iterable<number>);
function after<const T>(leave: () => void, result: T): T {
  leave();
  return result;
}
const LEAVERS: [string, Leaver][] = [
  ['key', (leave) => mapOf(range(0, 99), { key: (n) => (n === 50 ? after(leave, 3) : n % 3) })],
  ['onError', (leave) => mapOf(range(0, 99), { onError: () => after(leave, 'skip') })],
  ['onError, to map again', (leave) => mapOf(range(0, 99), { onError: () => after(leave, 'retry') })],
  ['onError, to fail', (leave) => mapOf(range(0, 99), { onError: () => after(leave, 'fail') })],
  ['onDrop', (leave) => mapOf(range(0, 99), { buffer: 5, overflow: 'drop', onDrop: leave })],
  ['onProgress', (leave) => range(0, 99).pipe(threadMap(targets.reportTwice, { pool, onProgress: leave }))],
  ['next', (leave) => mapOf(range(0, 99), { onError: () => 'skip' }).pipe(tap(leave))],
  [
    'the source',
    (leave) =>
      mapOf(
        new Observable((subscriber) => {
          subscriber.next(2);
          leave();
          subscriber.next(4);
          subscriber.complete();
        }),
        {},
      ),
  ],
  [
    'the iterable',
    (leave) =>
      iterating(() => {
        leave();
        return upTo(9)[Symbol.iterator]();
      }).pipe(threadMap(same<number>, { pool })),
  ],
  [
    'the iterator',
    (leave) =>
      iterating(() => ({
        next: () => {
          leave();
          return { value: 2 };
        },
      })).pipe(threadMap(same<number>, { pool })),
  ],
  [
    'a generator',
    (leave) =>
      pulled(
        (function* () {
          yield 0;
          leave();
          yield 2;
        })(),
      ).pipe(threadMap(same<number>, { pool })),
  ],
  [
    'a value that is cloned',
    (leave) => {
      let reads = 0;
      const value = {
        get read() {
          if (reads++ === 0) leave();
          return 1;
        },
      };
      return of(value).pipe(threadMap(same<unknown>, { pool }));
    },
  ],
];

it.each(LEAVERS)('nothing is left when the subscription ends within %s', async (_, leaver) => {
  let left = 0;
  let subscription: Subscription | undefined;
  await new Promise<void>((resolve) => {
    const outer = new Observable<unknown>((subscriber) => {
      subscription = subscriber;
      return leaver(() => {
        left++;
        subscription?.unsubscribe();
        resolve();
      }).subscribe(subscriber);
    });
    outer.subscribe();
  });
  expect(left).toBe(1);
  await idle();
  // No callback was called after it.
  expect(left).toBe(1);
});

describe('iterators of a pulled source that misbehave', () => {
  const failing = (iterator: object) =>
    lastValueFrom(iterating(() => iterator).pipe(threadMap(same<number>, { pool }), toArray()));

  it('fail as their next throws, gives no object, or is none', async () => {
    let returned = 0;
    const told = { return: () => returned++ };
    const next = () => {
      throw new Error('no next');
    };
    await expect(failing({ next, ...told })).rejects.toThrow('no next');
    await expect(failing({ next: () => 5, ...told })).rejects.toThrow(/next gives must be an object, got 5/);
    await expect(failing({ ...told })).rejects.toThrow(TypeError);
    // As of a for-of loop: an iterator that has failed is not told to return.
    expect(returned).toBe(0);
    await idle();
  });

  it('may throw in return, which whoever unsubscribes hears of', async () => {
    const subscription = iterating(() => ({
      next: () => ({ value: 1, done: false }),
      return: () => {
        throw new Error('no return');
      },
    }))
      .pipe(threadMap(same<number>, { pool, buffer: 2 }))
      .subscribe();
    expect(() => subscription.unsubscribe()).toThrow('no return');
    await idle();
  });

  it('may never settle, and are told to return', async () => {
    let returned = 0;
    const never = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<number>>(() => {}),
        return: () => {
          returned++;
          return new Promise<IteratorResult<number>>(() => {});
        },
      }),
    };
    const subscription = pulled(never)
      .pipe(threadMap(same<number>, { pool }))
      .subscribe();
    await turns(3);
    subscription.unsubscribe();
    expect(returned).toBe(1);
    await idle();
  });
});

describe('a consumer of threadMap that comes back', () => {
  it('may feed the source within every result, with every option', async () => {
    for (const options of [
      {},
      { ordered: false },
      { key: (n: number) => n % 2 },
      { batch: 1 },
      { buffer: 9 },
    ]) {
      const source = new Subject<number>();
      const seen: number[] = [];
      const done = lastValueFrom(
        source.pipe(
          threadMap(same<number>, { pool, ...options }),
          tap((value) => {
            seen.push(value);
            if (value < 40) for (const next of [2 * value + 1, 2 * value + 2]) source.next(next);
            if (seen.length === 81) source.complete();
          }),
        ),
      );
      source.next(0);
      if ('buffer' in options) await expect(done).rejects.toMatchObject({ code: 'ERR_BUFFER_FULL' });
      else {
        await done;
        expect(seen.toSorted((a, b) => a - b)).toEqual(upTo(81));
      }
    }
    await idle();
  });
});

it('a source may complete while its last value is cloned', async () => {
  const source = new Subject<object>();
  const mapped = lastValueFrom(source.pipe(threadMap(same<object>, { pool }), toArray()));
  source.next({
    get read() {
      source.complete();
      return 1;
    },
  });
  expect(await mapped).toEqual([{ read: 1 }]);
});

it('a source may emit many values while one of them is cloned', async () => {
  interface Piece {
    readonly n: number;
    readonly mapped: Int32Array;
  }
  const mapped = new Int32Array(new SharedArrayBuffer(4));
  const source = new Subject<Piece>();
  const count = ({ n, mapped: counted }: Piece): number => {
    Atomics.add(counted, 0, 1);
    return n;
  };
  // All in one session, which frees a word as the end of a batch comes.
  await using single = new ThreadPool({ maxThreads: 1, minThreads: 1 });
  await single.warmUp();
  const options = { pool: single, concurrency: 4, batch: 1 };
  const results = lastValueFrom(source.pipe(threadMap(count, options), toArray()));
  source.next({ n: 0, mapped });
  await until(() => mapped[0] === 1);
  let read = false;
  source.next({ n: 1, mapped });
  source.next({
    get n() {
      if (read) return 2;
      read = true;
      // Most likely the end of the batch before it is on its way here by then.
      for (const end = performance.now() + 50; performance.now() < end; );
      for (let n = 3; n < 600; n++) source.next({ n, mapped });
      return 2;
    },
    mapped,
  });
  await until(() => mapped[0] === 600);
  source.complete();
  expect(await results).toEqual(upTo(600));
});

it('a thread may be killed as a value that is on its way there is cloned', async () => {
  await using single = new ThreadPool({ maxThreads: 1 });
  let killed = false;
  const first = {
    get n() {
      if (!killed) for (const thread of enumerate()) if (thread !== currentThread()) void thread.terminate();
      killed = true;
      return 0;
    },
  };
  const mapped = of(first, { n: 1 }).pipe(
    threadMap(({ n }: { n: number }) => n, { pool: single, batch: 2 }),
    toArray(),
  );
  expect(await lastValueFrom(mapped)).toEqual([0, 1]);
});

it('a key that throws ends the subscription, and one that is pulled is told', async () => {
  let returned = 0;
  function* endless() {
    try {
      for (let value = 0; ; value++) yield value;
    } finally {
      returned++;
    }
  }
  const key = (value: number) => {
    if (value === 500) throw new Error('no key');
    return value;
  };
  const mapped = pulled(endless()).pipe(threadMap(same<number>, { pool, key }), toArray());
  await expect(lastValueFrom(mapped)).rejects.toThrow('no key');
  expect(returned).toBe(1);
  await idle();
});
