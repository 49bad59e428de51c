import {
  concat,
  config,
  count,
  from,
  interval,
  lastValueFrom,
  map,
  NEVER,
  Observable,
  of,
  range,
  repeat,
  Subject,
  take,
  tap,
  throwError,
} from 'rxjs';
import {
  activeCount,
  Event,
  Semaphore,
  ThreadPool,
  threadModule,
  threadPipe,
  transfer,
} from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { all, failed } from '../support/outcomes.js';
import { until } from '../support/turns.js';

const pipes = threadModule<typeof import('../fixtures/operators/in-threads.js')>(
  new URL('../fixtures/operators/in-threads.js', import.meta.url),
);
const moving = threadModule<typeof import('../fixtures/moving.js')>(
  new URL('../fixtures/moving.js', import.meta.url),
);
const scripts = threadModule<typeof import('../fixtures/operators/scripted.js')>(
  new URL('../fixtures/operators/scripted.js', import.meta.url),
);
/** How far each side may be ahead of the other. */
const WINDOW = 4096;

describe('threadPipe', () => {
  it('emits what its own consumer feeds in order, each once, and then completes', async () => {
    const values = 3 * WINDOW;
    const source = new Subject<number>();
    const seen: number[] = [];
    let sent = 0;
    const done = lastValueFrom(
      source.pipe(
        threadPipe((values: Observable<number>) => values),
        tap((value) => {
          seen.push(value);
          for (let more = 0; more < 3 && sent < values; more++) source.next(sent++);
          if (sent === values && value === values - 1) source.complete();
        }),
      ),
    );
    source.next(sent++);
    expect(await done).toBe(values - 1);
    expect(seen).toEqual(Array.from({ length: values }, (_, value) => value));
  });

  it('completes though its source goes on while the last of its values wait for their reader', async () => {
    const spin = (): void => {
      for (const begun = performance.now(); performance.now() - begun < 0.02; );
    };
    const values = interval(1).pipe(threadPipe(pipes.streamBeside), tap(spin), count());
    expect(await lastValueFrom(values)).toBe(20_000);
  });

  it('sends nothing to who has left', async () => {
    const stopped: unknown[] = [];
    config.onStoppedNotification = (notification) => stopped.push(notification);
    const started = new Semaphore(0);
    const running = concat(of(started), NEVER)
      .pipe(threadPipe(pipes.spinning, { grace: 0 }))
      .subscribe();
    await started.acquire();
    running.unsubscribe();
    NEVER.pipe(threadPipe((values: Observable<never>) => values))
      .subscribe()
      .unsubscribe();
    await until(() => activeCount() === 1);
    await new Promise((resolve) => setImmediate(resolve));
    config.onStoppedNotification = null;
    expect(stopped).toEqual([]);
  });

  it('passes a result on while its thread works on the next value, which never lets its loop turn', async () => {
    const [open, shut] = [new Event(), new Event()];
    open.set();
    const values = of({ gate: open, value: 'first' }, { gate: shut, value: 'second' });
    const passed = values.pipe(
      threadPipe(scripts.pipeBehind),
      tap(() => shut.set()),
    );
    expect(await all(passed)).toEqual(['first', 'second']);
  });

  it('keeps the state of the operators in the thread, for one subscription', async () => {
    const piped = range(1, 4).pipe(threadPipe<number, number>(pipes.sums));
    expect(await all(piped)).toEqual([1, 3, 6, 10]);
    expect(await all(piped)).toEqual([1, 3, 6, 10]);
    expect(await all(of(1, 1, 2, 2, 1).pipe(threadPipe(pipes.changes)))).toEqual([1, 2, 1]);
  });

  it('passes many values through in order', async () => {
    const evens = await all(range(0, 50_000).pipe(threadPipe<number, number>(pipes.even)));
    expect(evens).toEqual(Array.from({ length: 25_000 }, (_, index) => index * 2));
  });

  it('takes a target that imports its operators', async () => {
    expect(await all(of(1, 2).pipe(threadPipe<number, unknown>(pipes.importing)))).toEqual([2, 4]);
  });

  it('takes any ObservableInput, and is told what is none', async () => {
    expect(await all(of(1).pipe(threadPipe(pipes.array)))).toEqual([1, 2]);
    const { error } = await failed(of(1).pipe(threadPipe(pipes.nothing as never)));
    expect(error).toBeInstanceOf(TypeError);
  });

  it('completes with the pipeline, and leaves the source then', async () => {
    let left = false;
    const source = new Observable<number>((subscriber) => {
      for (let value = 0; value < 10; value++) subscriber.next(value);
      return () => {
        left = true;
      };
    });
    expect(await all(source.pipe(threadPipe(pipes.firstThree)))).toEqual([0, 1, 2]);
    expect(left).toBe(true);
  });

  it('loses nothing between one subscription inside and the next', async () => {
    expect(await all(range(0, 6).pipe(threadPipe(pipes.pairs)))).toEqual([0, 1, 'then', 2, 3]);
    // All is there before the target subscribes.
    expect(await all(range(0, 6).pipe(threadPipe(pipes.pairsLater)))).toEqual([0, 1, 'then', 2, 3]);
  });

  it("passes the source's error in and out", async () => {
    const source = concat(
      of(1, 2),
      throwError(() => new RangeError('sad')),
    );
    const { seen, error } = await failed(source.pipe(threadPipe<number, number>(pipes.sums)));
    expect(seen).toEqual([1, 3]);
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('sad');
  });

  it("passes the pipeline's error on, after the values before it", async () => {
    const { seen, error } = await failed(range(0, 10).pipe(threadPipe<number, number>(pipes.failing)));
    expect(seen).toEqual([0, 1, 2]);
    expect(error).toMatchObject({ name: 'SpecialError', code: 42, cause: { message: 'deep' } });
    expect((await failed(concat(range(0, 5), NEVER).pipe(threadPipe(pipes.afterFailure)))).seen).toEqual([
      0, 1,
    ]);
  });

  it('fails when its thread dies, and as the value that cannot be sent', async () => {
    expect((await failed(NEVER.pipe(threadPipe(pipes.exiting)))).error.code).toBe('ERR_THREAD_DIED');
    const { error } = await failed(of(1, () => 1).pipe(threadPipe<unknown, unknown>(pipes.changes as never)));
    expect(error).toMatchObject({ name: 'TypeError', cause: { index: 1 } });
  });

  it('sends the thread no more than it has room for, while nobody there takes it', async () => {
    const gate = new Event();
    const arrays = Array.from({ length: 20_000 }, () => new Uint8Array(1));
    const source = from(arrays).pipe(map((bytes) => transfer(bytes)));
    const piped = concat(of(gate), source).pipe(threadPipe<unknown, number>(pipes.gatedLengths));
    const done = all(piped);
    const sent = () => arrays.filter(({ length }) => length === 0).length;
    await until(() => sent() >= WINDOW - 1);
    // Whatever else the loop has to say.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sent()).toBeLessThanOrEqual(WINDOW);
    gate.set();
    expect(await done).toEqual(Array(20_000).fill(1));
  });

  it('holds the pipeline back while nobody here takes what it emits', async () => {
    const taken = new Semaphore(0);
    const resting = new Event();
    const COPIES = 20;
    const source = range(0, 1000).pipe(map(() => ({ taken, resting, copies: COPIES })));
    const done = all(source.pipe(threadPipe(pipes.untilResting)));
    // No message is heard meanwhile; the thread tells that nothing has come to its pipeline for a while.
    expect(resting.waitSync({ timeout: 15_000 })).toBe(true);
    expect(taken.value).toBeGreaterThan(0);
    expect(taken.value).toBeLessThanOrEqual((2 * WINDOW) / COPIES);
    expect(await done).toHaveLength(1000 * COPIES);
    expect(taken.value).toBe(1000);
  });

  it('moves values in and out that are marked', async () => {
    const arrays = [1, 2, 3].map((size) => new Uint8Array(size).fill(size));
    const marked = from(arrays).pipe(map((bytes) => (bytes.length === 2 ? bytes : transfer(bytes))));
    const piped = await all(marked.pipe(threadPipe<Uint8Array, [Uint8Array, number]>(moving.doubledAndLeft)));
    // With each comes how much of the one before is left in the thread.
    expect(piped).toEqual([Uint8Array.of(2), 0, Uint8Array.of(4, 4), 0, Uint8Array.of(6, 6, 6), 0]);
    expect(arrays.map(({ length }) => length)).toEqual([0, 2, 0]);
  });

  it('fails as the value that has moved before', async () => {
    const bytes = transfer(Uint8Array.of(1));
    const { seen, error } = await failed(of(bytes, bytes).pipe(threadPipe(moving.allDoubled)));
    expect(seen).toEqual([]);
    expect(error).toMatchObject({ name: 'TypeError', cause: { index: 1 } });
    expect(error.message).toContain('which has moved to another thread before');
  });

  it('cuts an endless synchronous source', async () => {
    let made = 0;
    const source = new Observable<number>((subscriber) => {
      while (!subscriber.closed && made < 1e7) subscriber.next(made++);
    });
    expect(await all(source.pipe(threadPipe<number, number>(pipes.even), take(3)))).toEqual([0, 2, 4]);
    expect(made).toBeLessThan(1e7);
  });

  it('comes again with repeat', async () => {
    expect(await all(of(1, 2).pipe(threadPipe<number, number>(pipes.sums), repeat(2)))).toEqual([1, 3, 1, 3]);
  });

  it('ends after a value whose getter ends its source, and what that emits', async () => {
    const source = new Subject<unknown>();
    const passed = all(source.pipe(threadPipe((values: Observable<unknown>) => values)));
    source.next(0);
    source.next({
      get n() {
        source.next('before');
        source.complete();
        return 1;
      },
    });
    expect(await passed).toEqual([0, { n: 1 }, 'before']);
  });

  it('ends for each that has subscribed inside, though the teardown of one throws', async () => {
    expect(await all(of(1, 2).pipe(threadPipe(pipes.torn)))).toEqual([1, 2]);
    const failing = concat(
      of(1),
      throwError(() => new Error('sad')),
    );
    expect((await failed(failing.pipe(threadPipe(pipes.torn)))).error.message).toBe('sad');
  });

  it('ends its thread when it is left, and kills it after the grace', async () => {
    await until(() => activeCount() === 1);
    const idle = NEVER.pipe(threadPipe(pipes.never)).subscribe();
    expect(activeCount()).toBe(2);
    idle.unsubscribe();
    await until(() => activeCount() === 1);
    const started = new Semaphore(0);
    const spins = of(started)
      .pipe(threadPipe<Semaphore, Semaphore>(pipes.spinning, { grace: 20 }))
      .subscribe();
    await started.acquire();
    spins.unsubscribe();
    await until(() => activeCount() === 1);
  });

  it('runs in a pool, and errors when that is closed', async () => {
    const pool = new ThreadPool({ maxThreads: 1, name: 'pipes' });
    const piping = threadPipe<number, number>(pipes.sums, { pool });
    expect(await all(of(1, 2).pipe(piping))).toEqual([1, 3]);
    await pool.close();
    expect((await failed(of(1).pipe(piping))).error.code).toBe('ERR_POOL');
    expect(() => threadPipe(pipes.sums, { pool })).toThrow(/pipes is closed/);
  });

  it.each<[unknown, object, RegExp]>([
    [5, {}, /target must be a function or .*got 5/],
    [() => 1, { pool: {} }, /pool must be a ThreadPool/],
    [() => 1, { grace: -1 }, /got -1/],
  ])('refuses %o with %o', (target, options, message) => {
    expect(() => threadPipe(target as () => never[], options)).toThrow(message);
  });
});
