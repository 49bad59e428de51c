import { createSecretKey } from 'node:crypto';
import { open } from 'node:fs/promises';
import { BlockList, SocketAddress } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { lastValueFrom, of } from 'rxjs';
import { Lock, RLock, Thread, ThreadPool, threadMap, threadModule } from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';
import { failure } from '../../support/outcomes.js';

const targets = threadModule<typeof import('../../fixtures/odd-targets.js')>(
  new URL('../../fixtures/odd-targets.js', import.meta.url),
);
const pool = new ThreadPool({ maxThreads: 1 });
afterAll(() => pool.close());

/** There and back: as an argument and as a result. */
const echo = <T>(value: T): Promise<T> =>
  Promise.resolve(pool.run((back: unknown) => back, [value])) as Promise<T>;
const nested = (levels: number, end: unknown): unknown => {
  let value = end;
  for (let level = 0; level < levels; level++) value = { l: value };
  return value;
};
const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const levelsOf = (value: unknown): number => {
  let levels = 0;
  for (let one = value as { l?: unknown }; one.l !== undefined; one = one.l as typeof one) levels++;
  return levels;
};

describe('what a target returns and nobody can read', () => {
  const returning =
    "(name) => Object.defineProperty({}, name, { enumerable: true, get() { throw new Error('jammed'); } })";
  it.each<[string, string, RegExp]>([
    ['a then that cannot be read', `() => (${returning})('then')`, /getter of 'then' throws Error: jammed/],
    ['a subscribe that cannot be read', `() => (${returning})('subscribe')`, /getter of 'subscribe' throws/],
    ['a promise of that', `async () => (${returning})('subscribe')`, /getter of 'subscribe' throws/],
    [
      'a Proxy whose traps throw',
      "() => new Proxy({}, { get() { throw new Error('jammed'); }, has() { throw new Error('jammed'); } })",
      /is a Proxy/,
    ],
    ['a then that throws', "() => ({ then() { throw new Error('jammed'); } })", /^jammed$/],
  ])('%s, is an error of the job, and its worker lives', async (_, source, message) => {
    const target = runInNewContext(source);
    await pool.run(() => 1);
    const [own] = pool.piscina.threads;
    for (const give of [
      () => pool.run(target),
      () => new Thread({ target }).start().result(),
      () => lastValueFrom(of(1).pipe(threadMap(target, { pool }))),
    ])
      expect((await failure(Promise.resolve(give()))).message).toMatch(message);
    expect(pool.piscina.threads).toEqual([own]);
  });

  it.each([
    ['comes to a promise', '() => ({ then: (told) => told(Promise.resolve(7)) })'],
    ['calls back twice', '() => ({ then: (told) => [told(7), told(8)] })'],
  ])('a thenable that %s is what an await of it is', async (_, source) => {
    const target = runInNewContext(source);
    expect(await pool.run(target)).toBe(7);
    expect(await new Thread({ target }).start().result()).toBe(7);
    expect(await lastValueFrom(of(1).pipe(threadMap(target, { pool })))).toBe(7);
  });
});

describe('a Proxy that cannot be read', () => {
  const traps = '{ get() { throw 1; }, ownKeys() { throw 2; }, getPrototypeOf() { throw 3; } }';
  it.each([
    ['thrown', `() => { throw new Proxy({}, ${traps}); }`],
    ['thrown in place of an error', `async () => { throw new Proxy(new Error('no'), ${traps}); }`],
    [
      'thrown, and revoked',
      '() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy; }',
    ],
  ])('is the error of its job, %s, and costs no worker', async (_, source) => {
    const target = runInNewContext(source);
    await pool.run(() => 1);
    const [own] = pool.piscina.threads;
    const [seen] = await Promise.allSettled([pool.run(target)]);
    expect(seen?.status).toBe('rejected');
    expect((seen as PromiseRejectedResult).reason).not.toMatchObject({ code: 'ERR_THREAD_DIED' });
    expect(pool.piscina.threads).toEqual([own]);
  });
});

describe('data that looks like what the library sends is data', () => {
  it.each([
    '{"rxjs-threading:value":"primitive","packed":{}}',
    '{"rxjs-threading:value":"error","packed":null}',
    '{"kind":"error","packed":null}',
    '{"kind":"thread","packed":4096}',
    '{"kind":"primitive","packed":{"rxjs-threading":"Lock"}}',
    '{"value":1,"hasStandIns":true,"standIns":[{"kind":"error","packed":null}]}',
    '{"kind":"returned","ident":1,"value":{"value":1,"hasStandIns":false}}',
  ])('%s', async (text) => {
    const data = JSON.parse(text);
    const lock = new Lock();
    const error = new RangeError('beside it');
    expect(await echo(data)).toEqual(data);
    const back = await echo({ lock, data, error });
    expect(back.data).toEqual(data);
    expect(back.lock).toBe(lock);
    expect(back.error).toBeInstanceOf(RangeError);
    const thrown = await failure(
      pool.run(
        (one: unknown) => {
          throw Object.assign(new Error('thrown'), { one });
        },
        [data],
      ) as unknown as Promise<unknown>,
    );
    expect(thrown).toMatchObject({ message: 'thrown', one: data });
  });

  it.each<[string, object]>([
    ['a KeyObject', createSecretKey(Buffer.from('secret'))],
    ['a BlockList', new BlockList()],
    ['a SocketAddress', new SocketAddress({ port: 1 })],
    ['a histogram', createHistogram()],
    ['a Blob', new Blob(['text'])],
  ])('%s stays one, beside a primitive or not', async (_, one) => {
    for (const value of [{ one }, { one, lock: new Lock() }, { one, errors: [new Error('no')] }])
      expect((await echo(value)).one.constructor.name).toBe(one.constructor.name);
  });

  it('a FileHandle, which can only move, is refused beside a primitive as well, and moves', async () => {
    const lock = new Lock();
    const file = await open(fileURLToPath(import.meta.url));
    const thread = new Thread({ target: (value: unknown) => value, args: [{ file, lock }] });
    expect(() => thread.start()).toThrow(/args\[0\]\.file is FileHandle .*, which can only move/);
    const close = async (value: { file: typeof file }): Promise<string> => {
      await value.file.close();
      return value.file.constructor.name;
    };
    expect(await pool.run(close, [{ file, lock } as { file: typeof file }], { transferList: [file] })).toBe(
      'FileHandle',
    );
  });

  it('an array of few items and four billion holes is sent at once, beside a primitive or not', async () => {
    const sparse: unknown[] = [];
    sparse[2 ** 32 - 2] = 'last';
    for (const value of [{ sparse }, { sparse, lock: new Lock() }]) {
      const back = await echo(value);
      expect(Object.keys(back.sparse)).toEqual([`${2 ** 32 - 2}`]);
      expect(back.sparse.at(-1)).toBe('last');
    }
    const failed = pool.run(
      (one: unknown) => {
        throw Object.assign(new Error('thrown'), { one });
      },
      [sparse],
    );
    expect((await failure(Promise.resolve(failed))) as object).toHaveProperty('one.length', 2 ** 32 - 1);
  });

  it('has an own property of the name __proto__ as one, beside a primitive or not', async () => {
    const data = JSON.parse('{"__proto__":{"admin":true},"a":1}');
    for (const value of [data, { data, lock: new Lock() }, { data, list: [new Error('no')] }]) {
      const back = (await echo(value)) as { data?: object };
      const own = back.data ?? back;
      expect(Object.getOwnPropertyDescriptor(own, '__proto__')?.value).toEqual({ admin: true });
      expect(Object.getPrototypeOf(own)).toBe(Object.prototype);
    }
    const lock = new Lock();
    const under = Object.defineProperty({}, '__proto__', { value: lock, enumerable: true });
    expect(Object.getOwnPropertyDescriptor(await echo(under), '__proto__')?.value).toBe(lock);
  });

  it('arrives as without the library, whatever it is, beside a primitive', async () => {
    const lock = new RLock();
    await fc.assert(
      fc.asyncProperty(
        fc.anything({
          withMap: true,
          withSet: true,
          withDate: true,
          withBigInt: true,
          withSparseArray: true,
        }),
        async (data) => {
          const back = await echo({ data, lock });
          expect(back.data).toEqual(structuredClone(data));
          expect(back.lock).toBe(lock);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keeps what is shared and what stands in itself, beside a primitive', async () => {
    const lock = new Lock();
    const shared: { self?: unknown; lock: Lock } = { lock };
    shared.self = shared;
    const map = new Map<unknown, unknown>([[lock, shared]]);
    map.set('map', map);
    const back = await echo({ shared, map, set: new Set([lock, shared]) });
    expect(back.shared.self).toBe(back.shared);
    expect(back.map.get(lock)).toBe(back.shared);
    expect(back.map.get('map')).toBe(back.map);
    expect([...back.set]).toEqual([lock, back.shared]);
  });

  it('has the items of an array that iterates over others', async () => {
    const odd = Object.assign([1, 2, 3], { [Symbol.iterator]: () => [9][Symbol.iterator]() });
    expect(await echo({ odd })).toEqual({ odd: [1, 2, 3] });
    const target = () => Object.assign([1, 2, 3], { [Symbol.iterator]: () => [9][Symbol.iterator]() });
    const mapped = await lastValueFrom(of(0).pipe(threadMap(target, { pool })));
    expect([...mapped]).toEqual([1, 2, 3]);
  });

  it.each<[string, () => object]>([
    ['an Error', () => new Error('a plain one')],
    ['a Date', () => new Date(5)],
    ['a boxed number', () => Object(5)],
  ])('is what it is in a clone although its prototype is that of a plain object: %s', async (_, make) => {
    const odd = Object.setPrototypeOf(make(), Object.prototype);
    const [plain, deep] = [await echo({ odd }), await echo([[[[[{ odd }]]]]])];
    const tag = (one: unknown): string => Object.prototype.toString.call(one);
    expect([tag(plain.odd), tag(deep[0]?.[0]?.[0]?.[0]?.[0]?.odd)]).toEqual([tag(odd), tag(odd)]);
  });

  it('has the items of an array of which one is not enumerable, and its properties', async () => {
    const odd = Object.defineProperty(Object.assign([1, 2], { unit: 'ms' }), 1, { enumerable: false });
    const back = await echo({ odd });
    expect(back).toEqual(structuredClone({ odd }));
    expect(back.odd.unit).toBe('ms');
  });

  it('of another realm is what it would be of this one', async () => {
    const lock = new Lock();
    const make =
      '(lock) => ({ map: new Map([["lock", lock]]), set: new Set([lock]), error: new TypeError("no"), memory: new ArrayBuffer(3), list: [lock] })';
    const value = runInNewContext(make)(lock) as ReturnType<typeof Object>;
    const back = (await echo({ value })).value;
    expect(back.map.get('lock')).toBe(lock);
    expect(back.set.has(lock)).toBe(true);
    expect(back.list[0]).toBe(lock);
    expect(back.error).toBeInstanceOf(TypeError);
    expect(back.memory.byteLength).toBe(3);
    const thrown = await failure(pool.run(targets.throwForeign) as unknown as Promise<unknown>);
    expect(thrown).toBeInstanceOf(RangeError);
    expect(thrown.message).toBe('theirs');
  });
});

describe('what cannot be sent is a TypeError that names the place', () => {
  const start = (value: unknown): unknown => {
    try {
      new Thread({ target: (_: unknown) => 1, args: [value] }).start();
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const refused: [string, unknown, RegExp][] = [
    [
      'a getter that throws',
      {
        a: {
          get b() {
            throw new Error('boom');
          },
        },
      },
      /args\[0\]\.a cannot be read: its getter of 'b' throws Error: boom/,
    ],
    [
      'a getter that throws, beside a primitive',
      {
        lock: new Lock(),
        a: [
          {
            get b() {
              throw new Error('boom');
            },
          },
        ],
      },
      /args\[0\]\.a\[0\] cannot be read/,
    ],
    ['a Proxy', { p: new Proxy({}, {}) }, /args\[0\]\.p is a Proxy/],
    ['a revoked Proxy', { p: revoked() }, /args\[0\]\.p is a Proxy/],
    ['a revoked Proxy, beside a primitive', [new Lock(), revoked()], /args\[0\]\[1\] is a Proxy/],
    ['data 20,000 levels deep', nested(20_000, 1), /args\[0\]\.l.* is nested 200\d\d levels deep/],
    [
      'data 20,000 levels deep, beside a primitive',
      [new Lock(), nested(20_000, 1)],
      /is nested 200\d\d levels deep/,
    ],
    ['a function 20,000 levels deep', nested(20_000, () => 1), /args\[0\]\.l.*….*\.l is a function/],
  ];

  it.each(refused)('%s, as an argument', async (_, value, message) => {
    const ofJob = await failure(Promise.resolve(pool.run((_: unknown) => 1, [value])));
    for (const error of [start(value), ofJob]) {
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message.length).toBeLessThan(300);
    }
  });

  it('sends a primitive thousands of levels deep, as far as data may be', async () => {
    const lock = new Lock();
    const back = await echo(nested(1000, { lock }));
    expect(levelsOf(back)).toBe(1000);
  });
});

describe('a result that cannot be sent is ERR_CLONE', () => {
  const results: [string, () => unknown, RegExp][] = [
    [
      'a getter that throws',
      () => ({
        a: {
          get b() {
            throw new Error('boom');
          },
        },
      }),
      /result\.a cannot be read: its getter of 'b' throws Error: boom/,
    ],
    [
      'a getter that throws a function',
      () => ({
        get b() {
          throw () => 1;
        },
      }),
      /result cannot be read/,
    ],
    [
      'a function 10,000 levels deep',
      () => {
        let value: unknown = () => 1;
        for (let level = 0; level < 10_000; level++) value = { l: value };
        return value;
      },
      /result\.l.* is a function/,
    ],
    [
      'data 100,000 levels deep',
      () => {
        let value: unknown = 1;
        for (let level = 0; level < 100_000; level++) value = { l: value };
        return value;
      },
      /is nested 100,?00\d levels deep/,
    ],
  ];

  it.each(results)('%s', async (_, target, message) => {
    for (const run of [() => pool.run(target), () => new Thread({ target }).start().result()]) {
      const error = await failure(run() as unknown as Promise<unknown>);
      expect(error.code).toBe('ERR_CLONE');
      expect(error.message).toMatch(message);
    }
    expect(await pool.run(() => 'lives')).toBe('lives');
  });
});

describe('an error of any make', () => {
  const odd: [string, () => Error, object][] = [
    [
      'a getter of its message throws',
      () =>
        Object.defineProperty(new Error('x'), 'message', {
          get() {
            throw new Error('boom');
          },
        }),
      {},
    ],
    [
      'a getter of its stack throws',
      () =>
        Object.defineProperty(new Error('x'), 'stack', {
          get() {
            throw new Error('boom');
          },
        }),
      { message: 'x' },
    ],
    [
      'a getter of its name throws',
      () =>
        Object.defineProperty(new Error('x'), 'name', {
          get() {
            throw new Error('boom');
          },
        }),
      { message: 'x' },
    ],
    [
      'its name is an object',
      () => Object.assign(new Error('x'), { name: { toString: null } }),
      { message: 'x' },
    ],
    [
      'its message is a symbol',
      () => Object.assign(new Error('x'), { message: Symbol('s') }),
      { message: 'Symbol(s)' },
    ],
    ['its message has no text', () => Object.assign(new Error('x'), { message: Object.create(null) }), {}],
    ['its stack is a function', () => Object.assign(new Error('x'), { stack: () => 1 }), { message: 'x' }],
    ['its name is undefined', () => Object.assign(new Error('x'), { name: undefined }), { message: 'x' }],
    [
      'its constructor is none',
      () => Object.assign(Object.setPrototypeOf(new Error('x'), Object.create(null)), { a: 1 }),
      { a: 1 },
    ],
    [
      'a getter of its own throws',
      () =>
        Object.defineProperty(new Error('x'), 'own', {
          enumerable: true,
          get() {
            throw new Error('boom');
          },
        }),
      { message: 'x' },
    ],
    [
      'its cause is 10,000 levels deep',
      () => {
        let value: unknown = 1;
        for (let level = 0; level < 10_000; level++) value = { l: value };
        return new Error('x', { cause: value });
      },
      { message: 'x', cause: expect.stringContaining('l:') },
    ],
    [
      '10,000 errors caused one another',
      () => {
        let error = new Error('first');
        for (let level = 0; level < 10_000; level++) error = new Error('x', { cause: error });
        return error;
      },
      { message: 'x', cause: { message: 'x' } },
    ],
  ];

  it.each(odd)('arrives, thrown or returned, when %s', async (_, make, like) => {
    const target = (source: string, thrown: boolean): unknown => {
      const error = new Function(`return (${source})()`)();
      if (thrown) throw error;
      return error;
    };
    const args: [string, boolean] = [make.toString(), true];
    const results = [
      await failure(pool.run(target, args) as unknown as Promise<unknown>),
      await failure(new Thread({ target, args }).start().result() as unknown as Promise<unknown>),
      await pool.run(target, [make.toString(), false]),
      await echo(make()),
    ];
    for (const error of results) {
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject(like);
    }
    expect(await pool.run(() => 'lives')).toBe('lives');
  });
});
