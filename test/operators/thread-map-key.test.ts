import { count, lastValueFrom, map, of, range, Subject, take } from 'rxjs';
import { Event, Semaphore, ThreadPool, threadMap, threadModule, transfer } from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';
import { KeyedBacklog } from '../../src/operators/thread-map/lanes.js';
import { heapUsed } from '../support/collect-garbage.js';
import { all } from '../support/outcomes.js';
import { turns, until } from '../support/turns.js';

const targets = threadModule<typeof import('../fixtures/operators/mapped.js')>(
  new URL('../fixtures/operators/mapped.js', import.meta.url),
);
const pool = new ThreadPool({ minThreads: 2, maxThreads: 2 });
afterAll(() => pool.close());
const keyOf = ({ value }: { value: string }) => value[0];

describe('threadMap with a key', () => {
  it('maps values of one key one after the other, and those of others meanwhile', async () => {
    const [begunA, begunB, gateA, gateB] = [new Semaphore(0), new Semaphore(0), new Event(), new Event()];
    const source = of(
      { begun: begunA, gate: gateA, value: 'a1' },
      { begun: begunA, gate: gateA, value: 'a2' },
      { begun: begunB, gate: gateB, value: 'b1' },
    );
    const seen: unknown[] = [];
    const done = lastValueFrom(
      source.pipe(
        threadMap(targets.waitForLater, { pool, key: keyOf, ordered: false }),
        map((value) => seen.push(value)),
      ),
    );
    await begunA.acquire();
    await begunB.acquire();
    await turns(20);
    expect(begunA.value).toBe(0);
    gateB.set();
    await until(() => seen.length === 1);
    gateA.set();
    await begunA.acquire();
    await done;
    expect(seen).toEqual(['b1', 'a1', 'a2']);
  });

  it('takes what waits behind a slow value of another key back, and what is of its key not', async () => {
    const [begun, gate, free] = [new Semaphore(0), new Event(), new Event()];
    free.set();
    const seen: unknown[] = [];
    const source = of('a1', 'a2', 'b1', 'c1').pipe(
      map((value) => ({ begun, gate: value[0] === 'a' ? gate : free, value })),
    );
    const done = lastValueFrom(
      source.pipe(
        threadMap(targets.waitFor, { pool, key: keyOf, ordered: false, batch: 4 }),
        map((value) => seen.push(value)),
      ),
    );
    await until(() => seen.length === 2);
    expect(begun.value).toBe(3);
    gate.set();
    await done;
    expect([seen.length, begun.value]).toEqual([4, 4]);
  });

  it.each([
    ['few keys', 7],
    ['as many keys as values', 5000],
  ])('keeps the order of the source, over %s', async (_, keys) => {
    const mapped = range(0, 5000).pipe(threadMap((n: number) => n, { pool, key: (n) => n % keys }));
    expect(await all(mapped)).toEqual(Array.from({ length: 5000 }, (_, n) => n));
  });

  it('compares keys as a Map does', async () => {
    const keys = [Number.NaN, undefined, null, 'null', 0, {}];
    const mapped = range(0, 60).pipe(threadMap((n: number) => n, { pool, key: (n) => keys[n % 6] }));
    expect(await all(mapped)).toEqual(Array.from({ length: 60 }, (_, n) => n));
  });

  it('sends what moves, and finds what cannot be sent', async () => {
    const moving = of(1, 2, 3, 4).pipe(map((size) => transfer(new Uint8Array(size))));
    const lengths = moving.pipe(threadMap((bytes: Uint8Array) => bytes.length, { pool, key: () => 'one' }));
    expect(await all(lengths)).toEqual([1, 2, 3, 4]);
    const unsendable = range(0, 9).pipe(map((n) => (n === 4 ? () => 1 : n)));
    const mapped = unsendable.pipe(threadMap((n: unknown) => n, { pool, key: String, batch: 9 }));
    await expect(all(mapped)).rejects.toMatchObject({ cause: { index: 4 } });
  });

  it('ends by what the key throws', async () => {
    const key = (n: number) => {
      if (n === 2) throw new Error('no key');
      return n;
    };
    await expect(all(range(0, 5).pipe(threadMap((n: number) => n, { pool, key })))).rejects.toThrow('no key');
    expect(() => threadMap((n: number) => n, { key: 'id' as never })).toThrow(
      /key must be a function, got 'id'/,
    );
  });

  it('streams on while very many keys wait', async () => {
    const maps = async function* (n: number): AsyncGenerator<Map<number, number>> {
      for (let nth = 0; nth < 50_000; nth++) {
        yield new Map([[n, nth]]);
        if (nth % 10 === 0) await new Promise(setImmediate);
      }
    };
    const options = { pool, key: (n: number) => n, batch: 1, concurrency: 2 };
    const mapped = range(0, 300_000).pipe(threadMap(maps, options), take(100_000), count());
    expect(await lastValueFrom(mapped)).toBe(100_000);
  });

  it('keeps nothing of the keys of values that are done with', async () => {
    const source = new Subject<number>();
    let results = 0;
    const mapped = source.pipe(threadMap((n: number) => n, { pool, key: (n) => `key ${n}` }));
    const subscription = mapped.subscribe(() => results++);
    const heap = async (values: number): Promise<number> => {
      for (let n = 0; n < values; n += 10_000) {
        const upTo = results + 10_000;
        for (let at = 0; at < 10_000; at++) source.next(n + at);
        await until(() => results >= upTo);
      }
      return heapUsed();
    };
    const before = await heap(50_000);
    const after = await heap(150_000);
    subscription.unsubscribe();
    expect((after - before) / 150_000).toBeLessThan(50);
  });
});

describe('the backlog of a threadMap with a key', () => {
  const taken = (backlog: KeyedBacklog, most = 9) => {
    const chunks = backlog.take(most);
    return { chunks, values: chunks.flatMap(({ values }) => values) };
  };

  it('gives the values of a key to one batch at a time, and forgets the key after the last', () => {
    const backlog = new KeyedBacklog((value) => String(value)[0]);
    for (const value of ['a1', 'b1', 'a2', 'a3', 'c1']) backlog.push(value);
    expect([backlog.size, backlog.available, backlog.keys]).toEqual([5, 5, 3]);
    const first = taken(backlog, 2);
    expect(first.values).toEqual(['a1', 'a2']);
    expect([backlog.size, backlog.available]).toEqual([3, 2]);
    const second = taken(backlog);
    expect(second.values).toEqual(['b1', 'c1']);
    expect(backlog.available).toBe(0);
    for (const chunk of second.chunks) backlog.over(chunk);
    backlog.over(first.chunks[0] as never);
    expect([backlog.available, backlog.keys]).toEqual([0, 1]);
    backlog.giveBack(first.chunks[1] as never);
    expect(taken(backlog).values).toEqual(['a2', 'a3']);
  });

  it('remembers no key of a million that had values', () => {
    const backlog = new KeyedBacklog((value) => value);
    for (let value = 0; value < 1e6; value++) {
      backlog.push(value);
      if (value % 1000 === 999) for (const chunk of backlog.take(1000)) backlog.over(chunk);
    }
    expect([backlog.keys, backlog.size, backlog.available]).toEqual([0, 0, 0]);
  });

  it('gives half a million keys a turn each, one by one', () => {
    const backlog = new KeyedBacklog((value) => value);
    const COUNT = 500_000;
    for (let value = 0; value < COUNT; value++) backlog.push(value);
    for (let value = 0; value < COUNT; value++) {
      const [chunk] = backlog.take(1);
      if (chunk?.first !== value) expect(chunk?.first).toBe(value);
      if (chunk !== undefined) backlog.over(chunk);
    }
    expect([backlog.keys, backlog.size, backlog.available]).toEqual([0, 0, 0]);
  });

  it('drops what comes after a failed value, out or not', () => {
    const backlog = new KeyedBacklog((value) => (value as number) % 2);
    for (let value = 0; value < 8; value++) backlog.push(value);
    const { chunks } = taken(backlog, 4);
    expect(chunks.map(({ first }) => first)).toEqual([0, 2, 4, 6]);
    backlog.cut(5);
    for (const chunk of chunks) backlog.giveBack(chunk);
    expect(taken(backlog).values.toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect(backlog.size).toBe(0);
  });
});
