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
  tap,
  throwError,
} from 'rxjs';
import { Event, Semaphore, ThreadPool, threadMap, threadModule, transfer } from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';
import { all, failed } from '../support/outcomes.js';
import { until } from '../support/turns.js';

const jobs = threadModule<typeof import('../fixtures/operators/in-threads.js')>(
  new URL('../fixtures/operators/in-threads.js', import.meta.url),
);
const moving = threadModule<typeof import('../fixtures/moving.js')>(
  new URL('../fixtures/moving.js', import.meta.url),
);
const pool = new ThreadPool({ maxThreads: 2, minThreads: 2, name: 'two' });
interface Value {
  readonly gate: Event;
  readonly begun: Semaphore;
}
afterAll(() => pool.close());

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
    const { error } = await failed(throwError(() => new Error('sad')).pipe(threadMap(jobs.double, { pool })));
    expect(error.message).toBe('sad');
  });

  it.each(['countTo', 'countLater', 'countPulled', 'countAwaited'] as const)(
    'flattens what streams, in its place: %s',
    async (target) => {
      const counted = from([3, 0, 2]).pipe(threadMap(jobs[target] as typeof jobs.countTo, { pool }));
      expect(await all(counted)).toEqual([0, 1, 2, 0, 1]);
    },
  );

  it('passes on what a stream emitted before it failed, however long', async () => {
    const { seen, error } = await failed(of(20_000).pipe(threadMap(jobs.countAndFail, { pool })));
    expect(seen).toHaveLength(20_000);
    expect(error).toMatchObject({ name: 'SpecialError', cause: { index: 0, value: 20_000 } });
  });

  it('passes on what a stream emitted before what cannot be cloned', async () => {
    const { seen, error } = await failed(of(3).pipe(threadMap(jobs.countToFunction, { pool })));
    expect(seen).toEqual([0, 1, 2]);
    expect(error).toMatchObject({ code: 'ERR_CLONE', cause: { index: 0, value: 3 } });
    expect(error.message).toContain('output[3] is a function');
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

  it('gives it to a worker that gets free only later', async () => {
    const [slow, hold] = [new Event(), new Event()];
    const started = new Semaphore(0);
    const job = pool.run(jobs.holdWorker, [{ started, gate: hold }]).then(() => 'let go');
    await started.acquire();
    const target = ({ event, begun, value }: { event: Event | null; begun: Semaphore; value: number }) => {
      begun.release();
      event?.waitSync();
      return value;
    };
    const source = range(0, 3).pipe(
      map((value) => ({ event: value === 0 ? slow : null, begun: started, value })),
    );
    const done: number[] = [];
    const ended = lastValueFrom(
      source.pipe(
        threadMap(target, { pool, ordered: false, batch: 3 }),
        tap((value) => done.push(value) === 2 && slow.set()),
      ),
    );
    await started.acquire();
    hold.set();
    await job;
    await ended;
    expect(done).toEqual([1, 2, 0]);
  });

  it('begins with values in the order in which they come, whichever worker comes up first', async () => {
    const target = ({ gate, begun }: Value) => {
      begun.release();
      gate.waitSync();
    };
    for (let round = 0; round < 8; round++) {
      await using cold = new ThreadPool({ maxThreads: 2 });
      const values = [0, 1, 2, 3].map(() => ({ gate: new Event(), begun: new Semaphore(0) }));
      const [first, second, third, fourth] = values as [Value, Value, Value, Value];
      const source = new Subject<Value>();
      const ended = all(source.pipe(threadMap(target, { pool: cold })));
      for (const value of [first, second]) {
        source.next(value);
        await until(() => value.begun.value > 0);
      }
      source.next(third);
      await until(() => cold.stats.busy === 2);
      source.next(fourth);
      first.gate.set();
      await until(() => third.begun.value + fourth.begun.value > 0);
      const begun = values.map((value) => value.begun.value);
      for (const { gate } of values) gate.set();
      expect(begun).toEqual([1, 1, 1, 0]);
      source.complete();
      await ended;
    }
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
    const { seen, error } = await failed(range(0, 100).pipe(threadMap(jobs.failAtFive, { pool })));
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ name: 'SpecialError', message: 'no 5', code: 42 });
    expect(error.stack).toContain('failAtFive');
    expect(error.cause).toMatchObject({ index: 5, value: 5, cause: { message: 'deep' } });
  });

  it.each([1, 10])(
    'fails as the value whose worker exits, in batches of %i, and the pool goes on',
    async (batch) => {
      const { seen, error } = await failed(range(0, 10).pipe(threadMap(jobs.exitAtFive, { pool, batch })));
      expect(seen).toEqual([0, 1, 2, 3, 4]);
      expect(error).toMatchObject({ code: 'ERR_THREAD_DIED', cause: { index: 5, value: 5 } });
      expect(await all(of(1).pipe(threadMap(jobs.double, { pool })))).toEqual([2]);
    },
  );

  // How often a value may have run: a worker that is killed may not have told, one that exits has.
  it.each([
    ['killedAtFive', [1, 2]],
    ['exitsAtFive', [1]],
  ] as const)('emits the results before the value that ends its worker once: %s', async (target, times) => {
    const runs = Array.from({ length: 10 }, () => new Semaphore(0));
    const source = from(runs.entries()).pipe(map(([value, run]) => ({ value, run })));
    const { seen, error } = await failed(source.pipe(threadMap(jobs[target], { pool, batch: 10 })));
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(error).toMatchObject({ code: 'ERR_THREAD_DIED', cause: { index: 5 } });
    expect(runs[5]?.value).toBe(1);
    for (const run of runs.slice(0, 5)) expect(times).toContain(run.value);
  });

  it.each(
    ['exit', 'throw', 'terminate'].flatMap((how) => [true, false].map((ordered) => ({ how, ordered }))),
  )('emits what streamed before the value that ends its worker once: $how, ordered $ordered', async (row) => {
    const { how, ordered } = row;
    const runs = [0, 1, 2].map(() => new Semaphore(0));
    const source = from(runs.entries()).pipe(map(([value, run]) => ({ value, how, run })));
    // One batch at a time: nothing of it is taken back for another worker.
    const options = { pool, batch: 3, concurrency: 1, ordered };
    const { seen, error } = await failed(source.pipe(threadMap(jobs.pairsUntilTwo, options)));
    expect(seen).toEqual(['0a', '0b', '1a', '1b']);
    expect(error).toMatchObject({ code: 'ERR_THREAD_DIED', cause: { index: 2 } });
    expect(runs.map((run) => run.value)).toEqual([1, 1, 1]);
  });

  it('keeps nothing in the worker of the values that streamed', async () => {
    const heaps = await all(range(0, 10_001).pipe(threadMap(jobs.heapUsed, { pool, concurrency: 1 })));
    expect(heaps).toHaveLength(3);
    const [, before = 0, after = 0] = heaps;
    expect((after - before) / 5000).toBeLessThan(100);
  });

  it('takes what is behind a value that moved back, but not that one', async () => {
    const gate = new Event();
    const bytes = new Uint8Array(1);
    const source = of(transfer({ gate, bytes }, [bytes.buffer]), { gate: null, bytes: null });
    const mapped = source.pipe(
      threadMap(jobs.waitWith, { pool, batch: 2, ordered: false }),
      tap(() => gate.set()),
    );
    expect(await all(mapped)).toEqual(['passed', 'waited']);
  });

  it('tells the result of a slow value whatever comes after it in its batch', async () => {
    const one = new ThreadPool({ maxThreads: 1 });
    const gate = new Event();
    const seen: unknown[] = [];
    const done = all(
      of(null, gate).pipe(
        threadMap(jobs.spinOrWait, { pool: one, batch: 2 }),
        map((value) => {
          seen.push(value);
          gate.set();
          return value;
        }),
      ),
    );
    expect(await done).toEqual(['spun', 'waited']);
    await one.close();
  });

  it('takes what follows a slow value in a batch back, while quick ones keep all workers busy', async () => {
    const event = new Event();
    const semaphore = new Semaphore(0);
    const meeting = { semaphore, event };
    const subject = new Subject<typeof meeting | null>();
    let feeding = true;
    const seen = all(
      subject.pipe(
        threadMap(jobs.meet, { pool, batch: 2, ordered: false }),
        tap((result) => {
          if (feeding && result === 'passed') subject.next(null);
        }),
      ),
    );
    // Both in one batch: the second is only begun when somebody takes it from behind the first.
    subject.next(meeting);
    subject.next(meeting);
    for (let count = 0; count < 12; count++) subject.next(null);
    await semaphore.acquire();
    await semaphore.acquire();
    feeding = false;
    event.set();
    subject.complete();
    expect((await seen).filter((value) => value === 'met')).toHaveLength(2);
  });

  it('waits for a worker that other jobs have', async () => {
    const one = new ThreadPool({ maxThreads: 1 });
    const started = new Semaphore(0);
    const gate = new Event();
    const job = one.run(jobs.holdWorker, [{ started, gate }]).then(() => 'let go');
    await started.acquire();
    const mapped = all(range(0, 100).pipe(threadMap(jobs.double, { pool: one })));
    await until(() => one.stats.queued === 1);
    gate.set();
    expect(await job).toBe('let go');
    expect(await mapped).toHaveLength(100);
    await one.close();
  });

  it('serves two subscriptions of one at once, each with its own', async () => {
    const piped = range(0, 500).pipe(threadMap(jobs.double, { pool }));
    const [one, two] = await Promise.all([all(piped), all(piped)]);
    expect(one).toEqual(Array.from({ length: 500 }, (_, index) => index * 2));
    expect(two).toEqual(one);
  });

  it("does not make the source's error wait for values in flight, and cancels them", async () => {
    const started = new Semaphore(0);
    const stopped = new Event();
    const source = concat(
      of({ started, stopped }),
      started.acquire().pipe(
        map(() => {
          throw new Error('sad');
        }),
      ),
    );
    const { error } = await failed(source.pipe(threadMap(jobs.spinUntilCancelled, { pool })));
    expect(error.message).toBe('sad');
    expect(await stopped.wait({ timeout: 5000 })).toBe(true);
    await until(() => pool.stats.busy === 0);
  });

  it('moves values in and results out that are marked', async () => {
    const one = new ThreadPool({ maxThreads: 1 });
    const arrays = [1, 2, 3, 4].map((size) => new Uint8Array(size).fill(size));
    const marked = from(arrays).pipe(map((bytes) => (bytes.length === 3 ? bytes : transfer(bytes))));
    const mapped = await all(marked.pipe(threadMap(moving.doubled, { pool: one })));
    expect(mapped.map((bytes) => [...bytes])).toEqual([[2], [4, 4], [6, 6, 6], [8, 8, 8, 8]]);
    expect(arrays.map(({ length }) => length)).toEqual([0, 0, 3, 0]);
    expect(await one.run(moving.takeLengths)).toEqual([0, 0, 0, 0]);
    await one.close();
  });

  it('fails as the value that has moved before', async () => {
    const bytes = transfer(Uint8Array.of(1));
    const source = of(Uint8Array.of(7), bytes, Uint8Array.of(8), bytes, Uint8Array.of(9));
    const { seen, error } = await failed(source.pipe(threadMap(moving.doubled, { pool, batch: 5 })));
    expect(seen).toEqual([Uint8Array.of(14), Uint8Array.of(2), Uint8Array.of(16)]);
    expect(error).toMatchObject({ name: 'TypeError', cause: { index: 3 } });
    expect(error.message).toMatch(/value is Uint8Array\(0\).*, which has moved to another thread before/);
  });

  it('tells the place of a thrown value that is no Error', async () => {
    const { error } = await failed(of('a').pipe(threadMap(jobs.throwText, { pool })));
    expect(error).toMatchObject({ code: 'ERR_VALUE_FAILED', cause: { index: 0, value: 'a', cause: 'no a' } });
  });

  it('fails as the value that cannot be sent, and as the one whose result cannot', async () => {
    const unsendable = range(0, 9).pipe(map((value) => (value === 4 ? { run: () => 1 } : value)));
    const sent = await failed(unsendable.pipe(threadMap((value: unknown) => value, { pool })));
    expect(sent.seen).toEqual([0, 1, 2, 3]);
    expect(sent.error.message).toBe('cannot be sent to a thread: value.run is a function');
    expect(sent.error.cause).toMatchObject({ index: 4 });
    const returned = await failed(range(0, 9).pipe(threadMap(jobs.functionAtThree, { pool })));
    expect(returned.seen).toEqual([0, 1, 2]);
    expect(returned.error).toMatchObject({ code: 'ERR_CLONE', cause: { index: 3, value: 3 } });
  });

  it('tells what a target that cannot be loaded lacks', async () => {
    const target = {
      module: new URL('../fixtures/operators/in-threads.js', import.meta.url).href,
      export: 'x',
    };
    const { error } = await failed(of(1).pipe(threadMap(target, { pool })));
    expect(error).toMatchObject({ code: 'ERR_THREAD_TARGET' });
  });

  it('lets repeat and retry come again', async () => {
    expect(await all(of(1).pipe(threadMap(jobs.double, { pool }), repeat(3)))).toEqual([2, 2, 2]);
    const { seen } = await failed(range(4, 3).pipe(threadMap(jobs.failAtFive, { pool }), retry(2)));
    expect(seen).toEqual([4, 4, 4]);
  });

  it('cuts an endless synchronous source, in a pool that has only begun', async () => {
    const cold = new ThreadPool({ maxThreads: 2 });
    let made = 0;
    const source = new Observable<number>((subscriber) => {
      while (!subscriber.closed && made < 1e6) {
        const next = performance.now() + 0.01;
        while (performance.now() < next);
        subscriber.next(made++);
      }
    });
    expect(await all(source.pipe(threadMap(jobs.double, { pool: cold }), take(3)))).toEqual([0, 2, 4]);
    expect(made).toBeLessThan(1e6);
    await cold.close();
  });

  it('cuts an endless asynchronous source that never lets the event loop turn', async () => {
    let made = 0;
    async function* endless() {
      while (made < 1e6) yield made++;
    }
    await until(() => pool.stats.busy === 0);
    expect(await all(from(endless()).pipe(threadMap(jobs.double, { pool }), take(3)))).toEqual([0, 2, 4]);
    expect(made).toBeLessThan(1e6);
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

  it('emits all that it has taken before it tells that the pool was closed', async () => {
    const closing = new ThreadPool({ maxThreads: 1, name: 'closing' });
    const subject = new Subject<number>();
    const ended = failed(subject.pipe(threadMap(jobs.spinFor, { pool: closing })));
    for (let count = 0; count < 20; count++) subject.next(0.5);
    await until(() => closing.stats.busy === 1);
    const closed = closing.close();
    subject.next(0.5);
    const { seen, error } = await ended;
    expect(seen).toHaveLength(20);
    expect(error).toMatchObject({ code: 'ERR_POOL', cause: { index: 20 } });
    await closed;
  });

  it('finishes what it has taken when the pool closes, and takes no more', async () => {
    const closing = new ThreadPool({ maxThreads: 1, name: 'closing' });
    const subject = new Subject<number>();
    const ended = failed(subject.pipe(threadMap(jobs.double, { pool: closing })));
    subject.next(1);
    await until(() => closing.stats.busy === 1);
    const closed = closing.close();
    subject.next(2);
    await closed;
    expect((await ended).error).toMatchObject({ code: 'ERR_POOL', cause: { index: 1, value: 2 } });
    expect(() => threadMap(jobs.double, { pool: closing })).toThrow(/closing is closed/);
  });

  it.each(['an array', 'a map of the pool'])(
    'maps what came just before the pool was closed: %s',
    async (how) => {
      const closing = new ThreadPool({ maxThreads: 1 });
      const mapped =
        how === 'an array'
          ? of(1, 2, 3).pipe(threadMap(jobs.double, { pool: closing }))
          : closing.map([1, 2, 3], jobs.double);
      const ended = all(mapped);
      await closing.close();
      expect(await ended).toEqual([2, 4, 6]);
      expect(closing.stats).toMatchObject({ threads: 0, busy: 0, queued: 0 });
    },
  );

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
