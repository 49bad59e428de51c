import { asyncScheduler, map, of, range, Subject, take, tap, throwError } from 'rxjs';
import { Event, pulled, Semaphore, ThreadPool, threadMap, threadModule } from 'rxjs-threading';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { all } from '../support/outcomes.js';
import { turns, until } from '../support/turns.js';

const targets = threadModule<typeof import('../fixtures/operators/mapped.js')>(
  new URL('../fixtures/operators/mapped.js', import.meta.url),
);
const pool = new ThreadPool({ minThreads: 2, maxThreads: 2 });
beforeAll(() => pool.run(() => {}));
afterAll(() => pool.close());
const same = <T>(value: T): T => value;
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Values that wait in their workers, for one Event. */
function waiting() {
  const [begun, gate] = [new Semaphore(0), new Event()];
  return { begun, gate, bring: (value: number) => ({ begun, gate, value }) };
}

describe('threadMap of a pulled source', () => {
  it.each([1, 10, 1000])('asks for a value only when it has room: %i', async (buffer) => {
    let [made, emitted, most, returned] = [0, 0, 0, 0];
    function* endless() {
      try {
        for (;;) {
          most = Math.max(most, made + 1 - emitted);
          yield made++;
        }
      } finally {
        returned++;
      }
    }
    const source = pulled(endless()).pipe(
      threadMap(same<number>, { pool, buffer }),
      tap(() => emitted++),
      take(3000),
    );
    expect(await all(source)).toEqual(upTo(3000));
    expect(most).toBeLessThanOrEqual(buffer);
    expect(returned).toBe(1);
  });

  it('pulls an async iterable, and awaits each of its values', async () => {
    let [made, emitted, most] = [0, 0, 0];
    async function* later() {
      for (; made < 500; made++) {
        most = Math.max(most, made + 1 - emitted);
        if (made % 7 === 0) await turns(1);
        yield made;
      }
    }
    const mapped = pulled(later()).pipe(
      threadMap(same<number>, { pool, buffer: 20 }),
      tap(() => emitted++),
    );
    expect(await all(mapped)).toEqual(upTo(500));
    expect(most).toBeLessThanOrEqual(20);
  });

  it('counts results that wait for their turn', async () => {
    const { begun, gate, bring } = waiting();
    let made = 0;
    function* behindOne() {
      for (; made < 100; made++) yield made === 0 ? bring(0) : { ...bring(made), gate: null };
    }
    const mapped = all(pulled(behindOne()).pipe(threadMap(targets.waitFor, { pool, buffer: 10 })));
    for (let count = 0; count < 10; count++) await begun.acquire();
    await turns(20);
    expect([made, begun.value]).toEqual([9, 0]);
    gate.set();
    expect(await mapped).toEqual(upTo(100));
  });

  it('is pulled ahead by 4096 where no buffer is given', async () => {
    const { begun, gate, bring } = waiting();
    let made = 0;
    function* endless() {
      for (;;) {
        made++;
        yield bring(made);
      }
    }
    const mapped = pulled(endless()).pipe(threadMap(targets.waitFor, { pool }), take(5));
    const ended = all(mapped);
    await begun.acquire();
    expect(made).toBe(4096);
    gate.set();
    expect(await ended).toEqual([1, 2, 3, 4, 5]);
  });

  it('passes on the error of the iterable at once, and that of its iterator', async () => {
    function* failing() {
      yield 1;
      throw new Error('sad');
    }
    const broken = {
      [Symbol.iterator]: (): Iterator<number> => {
        throw new Error('no iterator');
      },
    };
    await expect(all(pulled(failing()).pipe(threadMap(same<number>, { pool })))).rejects.toThrow('sad');
    await expect(all(pulled(broken).pipe(threadMap(same<number>, { pool })))).rejects.toThrow('no iterator');
  });

  it('lets the iterable clean up when it is left, and when a value fails', async () => {
    let returned = 0;
    function* endless() {
      try {
        for (let value = 0; ; value++) yield value;
      } finally {
        returned++;
      }
    }
    const subscription = pulled(endless())
      .pipe(threadMap(same<number>, { pool }))
      .subscribe();
    subscription.unsubscribe();
    expect(returned).toBe(1);
    await expect(all(pulled(endless()).pipe(threadMap(targets.failOddly, { pool })))).rejects.toThrow('no 1');
    expect(returned).toBe(2);
  });

  it('begins anew with each subscription, and is from(iterable) elsewhere', async () => {
    const source = pulled([1, 2, 3]);
    const mapped = source.pipe(threadMap(same<number>, { pool, buffer: 1 }));
    expect([await all(mapped), await all(mapped), await all(source)]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  it('may have its surplus refused or dropped instead', async () => {
    const refusing = pulled(upTo(50)).pipe(threadMap(same<number>, { pool, buffer: 5, overflow: 'error' }));
    await expect(all(refusing)).rejects.toMatchObject({ code: 'ERR_BUFFER_FULL' });
    const dropping = pulled(upTo(50)).pipe(threadMap(same<number>, { pool, buffer: 5, overflow: 'drop' }));
    expect(await all(dropping)).toEqual(upTo(5));
  });
});

describe('threadMap of a source that cannot wait, with a buffer,', () => {
  it('fails as the value that finds no room, after the results before it', async () => {
    const seen: number[] = [];
    const error = await new Promise((resolve) => {
      range(0, 100)
        .pipe(threadMap(same<number>, { pool, buffer: 10 }))
        .subscribe({ next: (value) => seen.push(value), error: resolve });
    });
    expect(seen).toEqual(upTo(10));
    expect(error).toMatchObject({ code: 'ERR_BUFFER_FULL', cause: { index: 10, value: 10 } });
    expect(String(error)).toMatch(
      /threadMap.* is ahead by more than its buffer of 10 values.*pulled\(iterable\)/,
    );
  });

  it('drops what finds no room, and tells how many', async () => {
    const { begun, gate, bring } = waiting();
    const dropped: unknown[] = [];
    const source = new Subject<ReturnType<typeof bring>>();
    const options = {
      pool,
      buffer: 3,
      overflow: 'drop',
      onDrop: ({ value }: { value: number }, count: number) => dropped.push([value, count]),
    } as const;
    const mapped = all(source.pipe(threadMap(targets.waitFor, options)));
    for (let value = 0; value < 5; value++) source.next(bring(value));
    expect(dropped).toEqual([
      [3, 1],
      [4, 2],
    ]);
    await begun.acquire();
    gate.set();
    await until(() => pool.stats.busy === 0);
    source.next(bring(5));
    source.complete();
    expect(await mapped).toEqual([0, 1, 2, 5]);
    expect(dropped).toHaveLength(2);
  });

  it('has room for what its own consumer sends when a result comes', async () => {
    const source = new Subject<number>();
    const options = { pool, buffer: 1, overflow: 'error' } as const;
    const seen = all(
      source.pipe(
        threadMap(same<number>, options),
        tap((value) => (value < 5 ? source.next(value + 1) : source.complete())),
      ),
    );
    source.next(0);
    expect(await seen).toEqual(upTo(6));
  });

  it('counts streams until they have been passed on', async () => {
    const calls = new SharedArrayBuffer(4);
    const source = range(0, 2, asyncScheduler).pipe(map((value) => ({ value, calls, times: 0 })));
    const mapped = source.pipe(threadMap(targets.threeThenFail, { pool, buffer: 2, overflow: 'error' }));
    expect(await all(mapped)).toEqual(['0.0', '0.1', '0.2', '1.0', '1.1', '1.2']);
  });

  it('ends by what onDrop throws', async () => {
    const onDrop = () => {
      throw new Error('dropped');
    };
    const mapped = range(0, 9).pipe(threadMap(same<number>, { pool, buffer: 1, overflow: 'drop', onDrop }));
    await expect(all(mapped)).rejects.toThrow('dropped');
    await until(() => pool.stats.busy + pool.stats.queued === 0);
  });

  it('passes the error of its source on at once', async () => {
    const source = throwError(() => new Error('sad')).pipe(threadMap(same, { pool, buffer: 1 }));
    await expect(all(source)).rejects.toThrow('sad');
  });

  it.each<[object, RegExp]>([
    [{ buffer: 0 }, /buffer must be a whole number from 1 .*got 0/],
    [{ buffer: '5' }, /buffer must be a number, got '5'/],
    [{ buffer: 1, overflow: 'wait' }, /overflow must be 'pause', 'error' or 'drop', got 'wait'/],
    [{ overflow: 'drop' }, /overflow needs a buffer, got \{ overflow: 'drop' \}/],
    [{ buffer: 1, onDrop: () => {} }, /onDrop needs overflow: 'drop', got/],
    [{ buffer: 1, overflow: 'drop', onDrop: 5 }, /onDrop must be a function, got 5/],
  ])('refuses %o', (options, message) => {
    expect(() => threadMap(same, options)).toThrow(message);
  });

  it('refuses to pause, where it is piped, and what is not to be pulled', () => {
    const pausing = threadMap(same<number>, { buffer: 1, overflow: 'pause' });
    expect(() => of(1).pipe(pausing)).toThrow(/only a source that is pulled can pause/);
    expect(() => pulled([1]).pipe(map(same<number>), pausing)).toThrow(TypeError);
    expect(() => pulled([1]).pipe(pausing)).not.toThrow();
    expect(() => pulled(of(1) as never)).toThrow(/source must be an iterable or an async iterable, got/);
  });
});
