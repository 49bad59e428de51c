import { transferableAbortSignal } from 'node:util';
import {
  ArgumentOutOfRangeError,
  EmptyError,
  lastValueFrom,
  NotFoundError,
  ObjectUnsubscribedError,
  of,
  SequenceError,
  TimeoutError,
  UnsubscriptionError,
} from 'rxjs';
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RLock,
  Semaphore,
  Thread,
  ThreadLocal,
  ThreadPool,
  threadMap,
  threadModule,
  transfer,
} from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';

const pool = new ThreadPool({ maxThreads: 1 });
afterAll(() => pool.close());
const targets = threadModule(new URL('../../fixtures/thread-targets.js', import.meta.url)) as Record<
  string,
  { module: string; export: string }
>;
const echo = <T>(value: T): Promise<T> =>
  Promise.resolve(
    new Thread({ target: (back: unknown) => back, args: [value] }).start().result(),
  ) as Promise<T>;

describe('what stands in arguments and results', () => {
  it.each([
    ['a Lock', new Lock()],
    ['an RLock', new RLock()],
    ['a Condition', new Condition()],
    ['a Semaphore', new Semaphore(2)],
    ['a BoundedSemaphore', new BoundedSemaphore(2)],
    ['an Event', new Event()],
    ['a Barrier', new Barrier(2)],
  ])('arrives as itself, and comes back as the same object: %s', async (_, primitive) => {
    expect(await echo(primitive)).toBe(primitive);
  });

  it('is found in arrays, objects, Maps, Sets and instances', async () => {
    class Job {
      readonly lock: Lock;
      constructor(lock: Lock) {
        this.lock = lock;
      }
    }
    const lock = new Lock();
    const deep = { list: [lock], map: new Map([['lock', lock]]), set: new Set([lock]), job: new Job(lock) };
    expect(await new Thread({ target: targets.isSame!, args: [lock, deep] }).start().result()).toBe(true);
    const back = await echo(deep);
    expect(back.list[0]).toBe(lock);
    expect(back.map.get('lock')).toBe(lock);
    expect([...back.set]).toEqual([lock]);
    expect(back.job.lock).toBe(lock);
  });

  it('is the same memory', async () => {
    const lock = new Lock();
    const back = (await new Thread({ target: targets.lockAndReturn!, args: [lock] }).start().result()) as {
      nested: Lock[];
    };
    expect(lock.locked()).toBe(true);
    back.nested[0]!.release();
    expect(lock.locked()).toBe(false);
  });

  it('keeps cycles and shared references, with and without a primitive in them', async () => {
    for (const inside of [null, new Lock()]) {
      const shared = { inside };
      const ring: { shared: object; again: object; self?: object } = { shared, again: shared };
      ring.self = ring;
      const back = await echo(ring);
      expect(back.self).toBe(back);
      expect(back.shared).toBe(back.again);
    }
  });

  it.each([
    ['an object', () => ({ a: 1 })],
    ['an array', () => [1]],
    ['a record with a primitive', () => ({ lock: new Lock() })],
  ])('%s that is met twice is one object to its receiver as well', async (_, make) => {
    const shared = make();
    const twice = (a: unknown, b: { readonly deep: readonly unknown[] }) => a === b.deep[0];
    const args = [shared, { deep: [shared] }] as const;
    const value = { one: shared, other: { deep: [shared] } };
    const of$ = threadMap((given: typeof value) => given.one === given.other.deep[0], { pool });
    expect([
      await pool.run(twice, args),
      await new Thread({ target: twice, args }).start().result(),
      await new Thread({ target: twice, args, pool }).start().result(),
      await lastValueFrom(of(value).pipe(of$)),
    ]).toEqual([true, true, true, true]);
  });

  it('keeps holes, dates, typed arrays, errors and undefined beside a primitive', async () => {
    const value = {
      lock: new Lock(),
      holes: Object.assign(new Array(3), { 0: 1, 2: 3 }),
      date: new Date(5),
      bytes: new Uint8Array([1, 2]),
      nothing: undefined,
    };
    const back = await echo(value);
    expect(1 in back.holes).toBe(false);
    expect(back).toMatchObject({ date: new Date(5), bytes: new Uint8Array([1, 2]), nothing: undefined });
  });

  it('is a Thread as well, one object in each thread', async () => {
    const other = new Thread({ target: () => 5 }).start();
    const back = await echo({ threads: [other] });
    expect(back.threads[0]).toBe(other);
  });

  it('is only data where it looks like a handle', async () => {
    expect(await echo({ 'rxjs-threading': 'Lock' })).toEqual({ 'rxjs-threading': 'Lock' });
  });

  it('streams', async () => {
    const lock = new Lock();
    const seen: unknown[] = [];
    const thread = new Thread({
      target: function* (l: Lock) {
        yield { l };
        yield l;
      },
      args: [lock],
    }).start();
    thread.output$.subscribe((value) => seen.push(value));
    await thread.join();
    expect(seen[0]).toEqual({ l: lock });
    expect(seen[1]).toBe(lock);
  });
});

describe('an Error', () => {
  class JobError extends RangeError {
    readonly code = 'E_JOB';
    readonly detail: unknown;
    constructor(message: string, detail: unknown, options?: ErrorOptions) {
      super(message, options);
      this.detail = detail;
    }
  }
  const thrown = (value: unknown): Promise<unknown> =>
    Promise.resolve(
      new Thread({
        target: (error: unknown) => {
          throw error;
        },
        args: [value],
      })
        .start()
        .result(),
    ).then(
      () => 'nothing',
      (error) => error,
    );
  const ways: [string, (error: unknown) => Promise<unknown>][] = [
    ['as a value', echo],
    ['within a value', async (error) => (await echo({ list: [error] })).list[0]],
    ['thrown', thrown],
  ];

  it.each(ways)('keeps its class, name, message, stack, fields and cause: %s', async (_, send) => {
    const cause = Object.assign(new TypeError('why'), { code: 5 });
    const error = new JobError('no', { deep: [1] }, { cause });
    const back = (await send(error)) as JobError;
    expect(back).toBeInstanceOf(RangeError);
    expect(back).toMatchObject({ name: 'JobError', message: 'no', code: 'E_JOB', detail: { deep: [1] } });
    expect(back.stack).toBe(error.stack);
    expect(back.cause).toBeInstanceOf(TypeError);
    expect(back.cause).toMatchObject({ message: 'why', code: 5, stack: cause.stack });
    expect(Object.keys(back).sort()).toEqual(['code', 'detail']);
  });

  it.each(ways)('brings primitives and Threads that hang on it as themselves: %s', async (_, send) => {
    const [lock, event] = [new Lock(), new Event()];
    const thread = new Thread({ target: () => 5 }).start();
    const errors = [new Error('one', { cause: lock }), lock, { event }];
    const error = new AggregateError(errors, 'all', { cause: { lock } });
    const back = (await send(Object.assign(error, { thread }))) as AggregateError & { thread: Thread };
    expect(back).toBeInstanceOf(AggregateError);
    expect((back.cause as { lock: Lock }).lock).toBe(lock);
    expect((back.errors[0] as Error).cause).toBe(lock);
    expect(back.errors[1]).toBe(lock);
    expect((back.errors[2] as { event: Event }).event).toBe(event);
    expect(back.thread).toBe(thread);
    expect((await send(new Error('its', { cause: lock }))) as Error).toHaveProperty('cause', lock);
  });

  it.each(ways)('may come back to itself: %s', async (_, send) => {
    const error: Error & { again?: unknown } = new Error('ring');
    error.cause = new Error('inner', { cause: error });
    error.again = { error };
    const back = (await send(error)) as typeof error;
    expect((back.cause as Error).cause).toBe(back);
    expect((back.again as { error: unknown }).error).toBe(back);
  });

  it.each(ways)(
    'loses of its own what cannot be cloned, and has it as text in cause and errors: %s',
    async (_, send) => {
      const error = new AggregateError([() => 1, new ThreadLocal()], 'all', { cause: Symbol('why') });
      Object.assign(error, { kept: 1, run: () => 1, local: [new ThreadLocal()] });
      const back = (await send(error)) as AggregateError;
      expect(Object.keys(back)).toEqual(['kept']);
      expect(back.cause).toBe('Symbol(why)');
      expect(back.errors).toEqual(['[Function (anonymous)]', expect.stringMatching(/^ThreadLocal/)]);
    },
  );

  it.each<[string, Error, new () => Error]>([
    ['EmptyError', new EmptyError(), EmptyError as never],
    ['NotFoundError', new NotFoundError('no'), NotFoundError as never],
    ['SequenceError', new SequenceError('two'), SequenceError as never],
    ['ArgumentOutOfRangeError', new ArgumentOutOfRangeError(), ArgumentOutOfRangeError as never],
    ['ObjectUnsubscribedError', new ObjectUnsubscribedError(), ObjectUnsubscribedError as never],
    ['UnsubscriptionError', new UnsubscriptionError([new Error('one')]), UnsubscriptionError as never],
  ])("is RxJS's %s again", async (name, error, madeBy) => {
    for (const [, send] of ways) {
      const back = (await send(error)) as Error;
      expect(back).toBeInstanceOf(madeBy);
      expect(back).toMatchObject({ name, message: error.message });
    }
  });

  it.each(ways)("is RxJS's TimeoutError or a DOMException again: %s", async (_, send) => {
    expect(await send(new TimeoutError())).toBeInstanceOf(TimeoutError);
    const aborted = (await send(new DOMException('stop', 'AbortError'))) as DOMException;
    expect(aborted).toBeInstanceOf(DOMException);
    expect(aborted.name).toBe('AbortError');
  });

  it('that its thread made itself keeps its class as well, where the thread has loaded nothing', async () => {
    const target = (): Error => Object.assign(new (class Own extends TypeError {})('made'), { code: 7 });
    const back = (await new Thread({ target }).start().result()) as Error;
    expect(back).toBeInstanceOf(TypeError);
    expect(back).toMatchObject({ name: 'Own', message: 'made', code: 7 });
  });
});

describe('what cannot be sent is refused at start, by its path', () => {
  it.each<[string, unknown, RegExp]>([
    ['a function', { a: [{ b: () => 1 }] }, /args\[0\]\.a\[0\]\.b is a function/],
    ['a symbol', [Symbol('s')], /args\[0\]\[0\] is a symbol/],
    ['a function in a Map', new Map([['k', () => 1]]), /args\[0\]\.get\('k'\) is a function/],
    ['a promise', { 'odd key': Promise.resolve() }, /args\[0\]\['odd key'\] is Promise/],
    ['a WeakMap', new WeakMap(), /args\[0\] is WeakMap/],
    ['a function beside a primitive', { lock: new Lock(), f: () => 1 }, /args\[0\]\.f is a function/],
    ['a ThreadLocal', [new ThreadLocal()], /args\[0\]\[0\]: a ThreadLocal cannot be sent to a thread/],
    [
      'an AbortSignal',
      { a: AbortSignal.abort() },
      /args\[0\]\.a: an AbortSignal cannot be sent.* as its `signal`/,
    ],
    ['an AbortController', new AbortController(), /args\[0\]: an AbortSignal cannot be sent to a thread/],
    ['a Held', { a: [new Lock().holdSync()] }, /args\[0\]\.a\[0\]: a Held cannot be sent.*: send the lock/],
  ])('%s', (_, value, message) => {
    const thread = new Thread({ target: (_: unknown) => 1, args: [value] });
    expect(() => thread.start()).toThrow(TypeError);
    expect(() => thread.start()).toThrow(message);
    expect(thread.state).toBe('initial');
  });
});

describe('an AbortSignal', () => {
  it('moves, where Node has made it transferable', async () => {
    const signal = transferableAbortSignal(new AbortController().signal);
    const target = (signal: AbortSignal): boolean => signal instanceof AbortSignal && !signal.aborted;
    const thread = new Thread({ target, args: [transfer(signal, [signal])] });
    expect(await thread.start().result()).toBe(true);
  });

  it('of an error is left out where the error goes on', async () => {
    const target = (): never => {
      throw Object.assign(new Error('of a request'), { code: 7, signal: AbortSignal.abort() });
    };
    const error = await new Thread({ target })
      .start()
      .result()
      .then(null, (error) => error);
    expect(error).toMatchObject({ message: 'of a request', code: 7 });
    expect(error.signal).toBe(undefined);
  });
});
