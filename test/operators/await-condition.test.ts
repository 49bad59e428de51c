import {
  catchError,
  concat,
  EMPTY,
  lastValueFrom,
  NEVER,
  type Observable,
  of,
  range,
  TimeoutError,
  toArray,
} from 'rxjs';
import {
  awaitCondition,
  Condition,
  Event,
  Lock,
  RLock,
  Thread,
  threadModule,
  withLock,
} from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { until } from '../support/turns.js';
import { inVirtualTime } from '../support/virtual-time.js';

const targets = threadModule<typeof import('../fixtures/operators/targets.js')>(
  new URL('../fixtures/operators/targets.js', import.meta.url),
);

/** A shelf that goods are put on and taken from, under the condition's lock. */
class Shelf {
  readonly condition: Condition;
  goods = 0;

  constructor(condition: Condition) {
    this.condition = condition;
  }

  /** Puts so many on it whenever one comes. */
  fill(deliveries: Observable<number | string>): void {
    const put = (count: number | string) => {
      this.goods += Number(count);
      this.condition.notifyAll();
      return EMPTY;
    };
    deliveries.pipe(withLock(this.condition, put)).subscribe();
  }

  /** An order is let pass when there is as much, which it takes. */
  readonly take = (count: number | string): boolean => {
    expect(this.condition.locked()).toBe(true);
    if (this.goods < Number(count)) return false;
    this.goods -= Number(count);
    return true;
  };
}

const conditions: [string, () => Condition][] = [
  ['a Lock', () => new Condition(new Lock())],
  ['an RLock', () => new Condition(new RLock())],
];

describe.each(conditions)('awaitCondition over %s, in virtual time,', (_, make) => {
  it('lets each value wait until the predicate holds, in order', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const shelf = new Shelf(make());
      shelf.fill(hot('     -----3-----2---'));
      const orders = hot(' -1-2-2---|     ');
      const expected = '   -----(12)--(2|)';
      expectObservable(orders.pipe(awaitCondition(shelf.condition, shelf.take))).toBe(expected);
    });
  });

  it('does not make an error wait', () => {
    const shelf = new Shelf(make());
    inVirtualTime(({ hot, expectObservable }) => {
      expectObservable(hot('-1-#').pipe(awaitCondition(shelf.condition, shelf.take))).toBe('---#');
    });
    expect(shelf.condition.waiting).toBe(0);
  });

  it('gives up when a value has waited too long since it came, and tells which', () => {
    const shelf = new Shelf(make());
    inVirtualTime(({ hot, expectObservable, expectSubscriptions }) => {
      shelf.fill(hot('     ---1-------'));
      const orders = hot(' -1--2-----|');
      const expected = '   ---1----e  ';
      const toPlace = (error: TimeoutError) => {
        expect(error).toBeInstanceOf(TimeoutError);
        expect(error.message).toBe('value 1 ran into its timeout of 4 ms');
        return concat(of(error.cause), NEVER);
      };
      const checked = awaitCondition<string>(shelf.condition, shelf.take, { timeout: 4 });
      const values = { 1: '1', e: { index: 1, value: '2' } };
      expectObservable(orders.pipe(checked, catchError(toPlace))).toBe(expected, values);
      expectSubscriptions(orders.subscriptions).toBe('^-------!');
    });
    expect(shelf.condition.waiting).toBe(0);
    expect(shelf.condition.locked()).toBe(false);
  });

  it('is left while a value waits, and come back to without it', () => {
    const shelf = new Shelf(make());
    inVirtualTime(({ hot, expectObservable }) => {
      shelf.fill(hot('       ------2--'));
      const orders = hot('   -1--2---|');
      const checked = orders.pipe(awaitCondition(shelf.condition, shelf.take));
      expectObservable(checked, '---!').toBe('');
      expectObservable(checked, '---^').toBe('------2-|');
    });
    expect(shelf.condition.waiting).toBe(0);
  });
});

it('has released the lock when it emits, completes or fails', () => {
  const condition = new Condition();
  const locked: boolean[] = [];
  const look = () => locked.push(condition.locked());
  of(1, 2)
    .pipe(awaitCondition(condition, () => true))
    .subscribe({ next: look, complete: look });
  const fail = (): never => {
    throw new Error('no predicate');
  };
  let error: unknown;
  of(1)
    .pipe(awaitCondition(condition, fail))
    .subscribe({
      error: (one) => {
        error = one;
        look();
      },
    });
  expect(error).toMatchObject({ message: 'no predicate' });
  expect(locked).toEqual([false, false, false, false]);
});

it('looks again when another thread notifies', async () => {
  const condition = new Condition();
  const cell = new SharedArrayBuffer(4);
  const cells = new Int32Array(cell);
  const values = range(1, 40).pipe(
    awaitCondition(condition, (value) => (cells[0] as number) >= value),
    toArray(),
  );
  const all = lastValueFrom(values);
  await until(() => condition.waiting === 1);
  const thread = new Thread({ target: targets.produce, args: [condition, cell, 40] }).start();
  expect(await all).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  await thread.join();
  expect(condition.waiting).toBe(0);
  expect(condition.locked()).toBe(false);
});

it('waits for the lock that another thread holds', async () => {
  const condition = new Condition(new Lock());
  const [holding, release] = [new Event(), new Event()];
  const thread = new Thread({ target: targets.holdUntil, args: [condition.lock, holding, release] }).start();
  await holding.wait();
  const passed = lastValueFrom(of(1).pipe(awaitCondition(condition, () => true)));
  await until(() => condition.lock.waiting === 1);
  release.set();
  expect(await passed).toBe(1);
  await thread.join();
});

it.each([
  [() => awaitCondition({} as never, () => true), '{}'],
  [() => awaitCondition(new Lock() as never, () => true), 'Lock'],
  [() => awaitCondition(new Condition(), undefined as never), 'undefined'],
  [() => awaitCondition(new Condition(), 'yes' as never), "'yes'"],
  [() => awaitCondition(new Condition(), () => true, { timeout: -1 }), '-1'],
  [() => awaitCondition(new Condition(), () => true, 5 as never), '5'],
])('refuses bad input at the call: %s', (call, shown) => {
  expect(call).toThrow(/must/);
  expect(call).toThrow(shown);
});
