import fc from 'fast-check';
import {
  concat,
  EMPTY,
  from,
  interval,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  range,
  repeat,
  retry,
  Subject,
  take,
  throwError,
  toArray,
} from 'rxjs';
import { Event, Semaphore, ThreadPool, threadMap, threadModule } from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';

const jobs = threadModule<typeof import('../fixtures/operators/in-threads.js')>(
  new URL('../fixtures/operators/in-threads.js', import.meta.url),
);
const pool = new ThreadPool({ maxThreads: 2, minThreads: 2, name: 'two' });
afterAll(() => pool.close());
const all = <T>(source: Observable<T>): Promise<T[]> => lastValueFrom(source.pipe(toArray()));
const failure = (source: Observable<unknown>) =>
  new Promise<{ seen: unknown[]; error: Error & { code?: unknown; cause?: unknown } }>((resolve, reject) => {
    const seen: unknown[] = [];
    source.subscribe({
      next: (value) => seen.push(value),
      error: (error) => resolve({ seen, error }),
      complete: () => reject(new Error('completed')),
    });
  });
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
};

describe('threadMap', () => {
  it('maps each value, in order, and completes', async () => {
    const doubled = await all(range(0, 5000).pipe(threadMap(jobs.double, { pool })));
    expect(doubled).toEqual(Array.from({ length: 5000 }, (_, index) => index * 2));
  });

  it('has a pool of its own when none is given', async () => {
    expect(await all(of(1, 2).pipe(threadMap((value: number) => value + 1)))).toEqual([2, 3]);
  });

  it('completes at once when there is no value, and not before the source', async () => {
    expect(await all(EMPTY.pipe(threadMap(jobs.double, { pool })))).toEqual([]);
    let completed = false;
    const subscription = concat(of(1), NEVER)
      .pipe(threadMap(jobs.double, { pool }))
      .subscribe({ complete: () => (completed = true) });
    await until(() => pool.stats.busy === 0);
    expect(completed).toBe(false);
    subscription.unsubscribe();
  });

  it("passes the source's error on", async () => {
    const { error } = await failure(
      throwError(() => new Error('sad')).pipe(threadMap(jobs.double, { pool })),
    );
    expect(error.message).toBe('sad');
  });

  it('flattens what streams, in its place', async () => {
    expect(await all(from([3, 0, 2]).pipe(threadMap(jobs.countTo, { pool })))).toEqual([0, 1, 2, 0, 1]);
  });

  it('passes a long stream on, however long the one before it takes', async () => {
    const values = await all(from([20_000, 10_000]).pipe(threadMap(jobs.countTo, { pool })));
    expect(values).toHaveLength(30_000);
    expect(values.slice(-2)).toEqual([9_998, 9_999]);
  });

  it('keeps the order of what comes later', async () => {
    const source = range(0, 50);
    expect(await all(source.pipe(threadMap(jobs.doubleLater, { pool, concurrency: 8 })))).toEqual(
      Array.from({ length: 50 }, (_, index) => index * 2),
    );
  });

  it('emits as they come what need not be in order', async () => {
    const gate = new Event();
    const wait = ({ event, value }: { event: Event | null; value: number }) => {
      event?.waitSync();
      return value;
    };
    const seen: number[] = [];
    const source = of({ event: gate, value: 0 }, { event: null, value: 1 }, { event: null, value: 2 });
    const done = lastValueFrom(
      source.pipe(
        threadMap(wait, { pool, ordered: false }),
        map((value) => {
          seen.push(value);
          if (seen.length === 2) gate.set();
        }),
      ),
    );
    await done;
    expect(seen.at(-1)).toBe(0);
    expect(seen).toHaveLength(3);
  });

  it('gives what waits behind a slow value to another worker, in a batch too', async () => {
    const gate = new Event();
    const done: unknown[] = [];
    const target = ({ event, value }: { event: Event | null; value: number }) => {
      event?.waitSync();
      return value;
    };
    const source = range(0, 10).pipe(map((value) => ({ event: value === 0 ? gate : null, value })));
    const ended = lastValueFrom(
      source.pipe(
        threadMap(target, { pool, ordered: false, batch: 10 }),
        map((value) => done.push(value) === 9 && gate.set()),
      ),
    );
    await ended;
    expect(done.at(-1)).toBe(0);
    expect(done.slice(0, 9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it.each([1, 3, 1000])('maps in batches of %i', async (batch) => {
    expect(await all(range(0, 100).pipe(threadMap(jobs.double, { pool, batch })))).toEqual(
      Array.from({ length: 100 }, (_, index) => index * 2),
    );
  });

  it('maps one value at a time with a concurrency of 1', async () => {
    const inside = new Semaphore(1);
    const alone = async (semaphore: Semaphore) => {
      if (!semaphore.acquireSync({ blocking: false })) return false;
      await new Promise((resolve) => setTimeout(resolve, 1));
      semaphore.release();
      return true;
    };
    const source = range(0, 20).pipe(map(() => inside));
    expect(await all(source.pipe(threadMap(alone, { pool, concurrency: 1 })))).toEqual(Array(20).fill(true));
  });

  it('has as many asynchronous values in flight as the concurrency says', async () => {
    const arrived = new Semaphore(0);
    const gate = new Event();
    const wait = async ({ semaphore, event }: { semaphore: Semaphore; event: Event }) => {
      semaphore.release();
      await event.wait();
    };
    const source = range(0, 30).pipe(map(() => ({ semaphore: arrived, event: gate })));
    const done = all(source.pipe(threadMap(wait, { pool, concurrency: 10 })));
    await until(() => arrived.value === 10);
    gate.set();
    expect(await done).toHaveLength(30);
  });

  it('uses every worker for few slow values', async () => {
    const meet = ({ semaphore, event }: { semaphore: Semaphore; event: Event }) => {
      semaphore.release();
      return event.waitSync({ timeout: 5000 });
    };
    const semaphore = new Semaphore(0);
    const event = new Event();
    const both = all(
      of(1, 2).pipe(
        map(() => ({ semaphore, event })),
        threadMap(meet, { pool }),
      ),
    );
    await semaphore.acquire();
    await semaphore.acquire();
    event.set();
    expect(await both).toEqual([true, true]);
  });

  it('fails as the value that failed, after those before it', async () => {
    const { seen, error } = await failure(range(0, 100).pipe(threadMap(jobs.failAtFive, { pool })));
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ name: 'SpecialError', message: 'no 5', code: 42 });
    expect(error.stack).toContain('failAtFive');
    expect(error.cause).toMatchObject({ index: 5, value: 5, cause: { message: 'deep' } });
  });

  it('fails as the value whose worker died, and the pool goes on', async () => {
    const { seen, error } = await failure(range(0, 10).pipe(threadMap(jobs.exitAtFive, { pool, batch: 1 })));
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(error).toMatchObject({ code: 'ERR_THREAD_DIED', cause: { index: 5, value: 5 } });
    expect(await all(of(1).pipe(threadMap(jobs.double, { pool })))).toEqual([2]);
  });

  it('tells the place of a thrown value that is no Error', async () => {
    const { error } = await failure(of('a').pipe(threadMap(jobs.throwText, { pool })));
    expect(error).toMatchObject({ code: 'ERR_VALUE_FAILED', cause: { index: 0, value: 'a', cause: 'no a' } });
  });

  it('fails as the value that cannot be sent, and as the one whose result cannot', async () => {
    const unsendable = range(0, 9).pipe(map((value) => (value === 4 ? { run: () => 1 } : value)));
    const sent = await failure(unsendable.pipe(threadMap((value: unknown) => value, { pool })));
    expect(sent.seen).toEqual([0, 1, 2, 3]);
    expect(sent.error.message).toBe('cannot be sent to a thread: value.run is a function');
    expect(sent.error.cause).toMatchObject({ index: 4 });
    const returned = await failure(range(0, 9).pipe(threadMap(jobs.functionAtThree, { pool })));
    expect(returned.seen).toEqual([0, 1, 2]);
    expect(returned.error).toMatchObject({ code: 'ERR_CLONE', cause: { index: 3, value: 3 } });
  });

  it('tells what a target that cannot be loaded lacks', async () => {
    const target = {
      module: new URL('../fixtures/operators/in-threads.js', import.meta.url).href,
      export: 'x',
    };
    const { error } = await failure(of(1).pipe(threadMap(target, { pool })));
    expect(error).toMatchObject({ code: 'ERR_THREAD_TARGET' });
  });

  it('lets repeat and retry come again', async () => {
    expect(await all(of(1).pipe(threadMap(jobs.double, { pool }), repeat(3)))).toEqual([2, 2, 2]);
    const { seen } = await failure(range(4, 3).pipe(threadMap(jobs.failAtFive, { pool }), retry(2)));
    expect(seen).toEqual([4, 4, 4]);
  });

  it('cuts an endless synchronous source, in a pool whose workers have begun', async () => {
    const warm = new ThreadPool({ maxThreads: 1 });
    await warm.run(jobs.double, [1]);
    await until(() => warm.stats.busy === 0);
    let made = 0;
    const source = new Observable<number>((subscriber) => {
      while (!subscriber.closed && made < 1e6) subscriber.next(made++);
      expect(made).toBeLessThan(1e6);
    });
    expect(await all(source.pipe(threadMap(jobs.double, { pool: warm }), take(3)))).toEqual([0, 2, 4]);
    await warm.close();
  });

  it('keeps the surplus of a faster source', async () => {
    const subject = new Subject<number>();
    const slow = all(subject.pipe(threadMap(jobs.spinFor, { pool })));
    for (let count = 0; count < 100; count++) subject.next(0.1);
    subject.complete();
    expect(await slow).toHaveLength(100);
  });

  it('takes a value that its own consumer sends', async () => {
    const subject = new Subject<number>();
    const seen = all(
      subject.pipe(
        threadMap(jobs.double, { pool }),
        map((value) => {
          if (value < 100) subject.next(value);
          else subject.complete();
          return value;
        }),
      ),
    );
    subject.next(1);
    expect(await seen).toEqual([2, 4, 8, 16, 32, 64, 128]);
  });

  it('drops what is queued and cancels what runs when it is left', async () => {
    const started = new Semaphore(0);
    const stopped = new Event();
    const source = range(0, 100).pipe(map(() => ({ started, stopped })));
    const subscription = source.pipe(threadMap(jobs.spinUntilCancelled, { pool })).subscribe();
    await started.acquire();
    await started.acquire();
    subscription.unsubscribe();
    expect(await stopped.wait({ timeout: 5000 })).toBe(true);
    await until(() => pool.stats.busy === 0);
    expect(started.value).toBe(0);
  });

  it('kills, after the grace, what does not end', async () => {
    const started = new Semaphore(0);
    const source = of(started, started);
    const subscription = source.pipe(threadMap(jobs.spinForEver, { pool, grace: 20 })).subscribe();
    await started.acquire();
    await started.acquire();
    subscription.unsubscribe();
    await until(() => pool.stats.busy === 0);
    expect(await all(of(1).pipe(threadMap(jobs.double, { pool })))).toEqual([2]);
  });

  it('leaves its worker to other jobs', async () => {
    const one = new ThreadPool({ maxThreads: 1 });
    const subscription = interval(0)
      .pipe(threadMap(jobs.double, { pool: one }))
      .subscribe();
    expect(await one.run(jobs.double, [21])).toBe(42);
    expect(await one.run(jobs.double, [21])).toBe(42);
    subscription.unsubscribe();
    await one.close();
  });

  it('finishes what it has taken when the pool closes, and takes no more', async () => {
    const closing = new ThreadPool({ maxThreads: 1, name: 'closing' });
    const subject = new Subject<number>();
    const ended = failure(subject.pipe(threadMap(jobs.double, { pool: closing })));
    subject.next(1);
    await until(() => closing.stats.busy === 1);
    const closed = closing.close();
    subject.next(2);
    await closed;
    expect((await ended).error).toMatchObject({ code: 'ERR_POOL', cause: { index: 1, value: 2 } });
    expect(() => threadMap(jobs.double, { pool: closing })).toThrow(/closing is closed/);
  });

  it('is the sequential map, whatever comes', async () => {
    const item = fc.record({
      n: fc.integer({ min: 0, max: 40 }),
      kind: fc.constantFrom('plain', 'later', 'stream'),
    });
    const target = ({ n, kind }: { n: number; kind: string }): unknown => {
      if (kind === 'plain') return n * 3;
      if (kind === 'later') return new Promise((resolve) => setTimeout(resolve, n % 2, n * 3));
      return (function* () {
        yield n;
        yield n + 1;
      })();
    };
    const expected = ({ n, kind }: { n: number; kind: string }) => (kind === 'stream' ? [n, n + 1] : [n * 3]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(item, { maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
        fc.boolean(),
        async (items, concurrency, batch, ordered) => {
          const options = { pool, concurrency, ordered, ...(batch !== undefined && { batch }) };
          const seen = await all(from(items).pipe(threadMap(target, options)));
          const model = items.flatMap(expected);
          if (ordered) expect(seen).toEqual(model);
          else expect([...seen].sort()).toEqual([...model].sort());
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each<[unknown, object, typeof Error, RegExp]>([
    [5, {}, TypeError, /target must be a function or .*got 5/],
    [() => 1, { concurrency: 0 }, RangeError, /concurrency .*got 0/],
    [() => 1, { batch: 0 }, RangeError, /batch .*got 0/],
    [() => 1, { batch: 1.5 }, RangeError, /batch .*got 1.5/],
    [() => 1, { ordered: 1 }, TypeError, /ordered must be a boolean, got 1/],
    [() => 1, { pool: {} }, TypeError, /pool must be a ThreadPool/],
    [() => 1, { grace: -1 }, RangeError, /got -1/],
  ])('refuses %o with %o', (target, options, kind, message) => {
    expect(() => threadMap(target as () => void, options)).toThrow(kind);
    expect(() => threadMap(target as () => void, options)).toThrow(message);
  });
});
