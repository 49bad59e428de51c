import {
  catchError,
  concat,
  defer,
  EMPTY,
  finalize,
  map,
  merge,
  NEVER,
  Observable,
  of,
  range,
  repeat,
  retry,
  Subject,
  TimeoutError,
  take,
  throwError,
} from 'rxjs';
import { Lock, RLock, Semaphore, ThreadError, withLock } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { acquirables, isTaken } from '../support/acquirables.js';
import { turns } from '../support/turns.js';
import { inVirtualTime } from '../support/virtual-time.js';

describe.each(acquirables)('withLock over a %s, in virtual time,', (_, make) => {
  it('runs one value at a time, for the life of its inner subscription', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-b--------c-|');
      const inner = cold('--x-|          ');
      const expected = '  ---x---x------x-|';
      expectObservable(source.pipe(withLock(make(), () => inner))).toBe(expected);
      expectSubscriptions(inner.subscriptions).toBe(['-^---!', '-----^---!', '------------^---!']);
    });
  });

  it('keeps what a faster source sends, and completes after the last section', () => {
    inVirtualTime(({ cold, expectObservable }) => {
      const source = cold('(abc|)       ');
      const expected = '   ---a---b---c|';
      const section = (value: string) => cold('---v|', { v: value });
      expectObservable(source.pipe(withLock(make(), section))).toBe(expected);
    });
  });

  it('tears all down at an inner error, and is free for what follows', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const lock = make();
      const source = hot(' -a-b-----|');
      const failing = cold('--#     ');
      const after = cold('    --x|   ');
      const expected = '   -----x|   ';
      const again = () => of('again').pipe(withLock(lock, () => after));
      const section = withLock(lock, () => failing);
      expectObservable(source.pipe(section, catchError(again))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(' ^--!');
      expectSubscriptions(failing.subscriptions).toBe('-^-!');
      expectSubscriptions(after.subscriptions).toBe('  ---^--!');
    });
  });

  it('tears down what runs when the source fails', () => {
    const lock = make();
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-#  ');
      const inner = cold('-x---|');
      const expected = '  --x#  ';
      expectObservable(source.pipe(withLock(lock, () => inner))).toBe(expected);
      expectSubscriptions(inner.subscriptions).toBe('-^-!');
    });
    expect(isTaken(lock)).toBe(false);
  });

  it('left while a value waits, leaves its place to those behind', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const lock = make();
      const holding = hot('a|       ');
      const waiting = hot('-b|      ');
      const leave = '      ---!     ';
      const behind = hot(' --c|     ');
      const section = cold('-----x| ');
      const short = cold('       y| ');
      expectObservable(holding.pipe(withLock(lock, () => section))).toBe('   -----x|');
      expectObservable(waiting.pipe(withLock(lock, () => short)), leave).toBe('');
      expectObservable(behind.pipe(withLock(lock, () => short))).toBe('      ------y|');
      expectSubscriptions(short.subscriptions).toBe('                ------^!');
    });
  });

  it('left while a value runs, tears it down and lets the next in', () => {
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const lock = make();
      const leaving = hot(' a-b|    ');
      const leave = '       ----!   ';
      const behind = hot('  -c|     ');
      const section = cold('-x-----|');
      const short = cold('      y|  ');
      expectObservable(leaving.pipe(withLock(lock, () => section)), leave).toBe('-x');
      expectObservable(behind.pipe(withLock(lock, () => short))).toBe('         ----y|');
      expectSubscriptions(section.subscriptions).toBe('                    ^---!');
    });
  });

  it('takes turns with another subscription', () => {
    inVirtualTime(({ hot, cold, expectObservable }) => {
      const lock = make();
      const section = (value: string) => cold('--v|', { v: value });
      const first = hot('        a--c|        ');
      const second = hot('       -b--d|       ');
      const expectedFirst = '    --a-----c|   ';
      const expectedSecond = '   -----b-----d|';
      expectObservable(first.pipe(withLock(lock, section))).toBe(expectedFirst);
      expectObservable(second.pipe(withLock(lock, section))).toBe(expectedSecond);
    });
  });

  it('holds the whole source, without a project', () => {
    inVirtualTime(({ cold, expectObservable, expectSubscriptions }) => {
      const lock = make();
      const first = cold('     a--b|   ');
      const second = cold('        c-d|');
      expectObservable(first.pipe(withLock(lock))).toBe(' a--b|');
      expectObservable(second.pipe(withLock(lock))).toBe('----c-d|');
      expectSubscriptions(second.subscriptions).toBe('    ----^--!');
    });
  });

  it('gives up when a value has waited too long since it came, and tells which', () => {
    const lock = make();
    inVirtualTime(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('a-b---c------------|');
      const inner = cold('---x----|           ');
      const expected = '  ---x-------x-e      ';
      const toPlace = (error: TimeoutError) => {
        expect(error).toBeInstanceOf(TimeoutError);
        expect(error.message).toBe('value 2 ran into its timeout of 7 ms');
        return concat(of(error.cause), NEVER);
      };
      const section = withLock(lock, () => inner, { timeout: 7 });
      const values = { x: 'x', e: { index: 2, value: 'c' } };
      expectObservable(source.pipe(section, catchError(toPlace))).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe('^------------!');
    });
    expect(isTaken(lock)).toBe(false);
  });
});

it('lets as many values run as a Semaphore has permits, in order', () => {
  inVirtualTime(({ cold, expectObservable, expectSubscriptions }) => {
    const source = cold('(abcd|)        ');
    const inner = cold(' --x----|       ');
    const expected = '   --(xx)---(xx)-|';
    expectObservable(source.pipe(withLock(new Semaphore(2), () => inner))).toBe(expected);
    expectSubscriptions(inner.subscriptions).toBe([
      '^------!',
      '^------!',
      '-------^------!',
      '-------^------!',
    ]);
  });
});

describe.each(acquirables)('withLock over a %s', (_, make) => {
  it('tears the source down, then releases, then passes the end on', () => {
    const lock = make();
    const events: string[] = [];
    const note = (what: string) => events.push(`${what}, ${isTaken(lock) ? 'taken' : 'free'}`);
    const noted = finalize(() => note('inner torn down'));
    const observer = {
      error: () => note('error'),
      complete: () => note('complete'),
    };
    of(1)
      .pipe(withLock(lock, () => EMPTY.pipe(noted)))
      .subscribe(observer);
    expect(events.splice(0)).toEqual(['inner torn down, taken', 'complete, free']);
    const source = new Subject<number>();
    source
      .pipe(
        finalize(() => note('source torn down')),
        withLock(lock, () => throwError(() => 'sad').pipe(noted)),
      )
      .subscribe(observer);
    source.next(1);
    expect(events.splice(0)).toEqual(['inner torn down, taken', 'source torn down, taken', 'error, free']);
    of(1)
      .pipe(
        finalize(() => note('source torn down')),
        withLock(lock),
      )
      .subscribe(observer);
    expect(events).toEqual(['source torn down, taken', 'complete, free']);
  });

  it('lets sections follow each other on the same lock: concat, repeat, retry', () => {
    const lock = make();
    let tries = 0;
    const section = of('x').pipe(withLock(lock, (value) => of(value)));
    const failing = of(1).pipe(
      withLock(lock, () => defer(() => (++tries < 3 ? throwError(() => 'again') : of('y')))),
    );
    const seen: string[] = [];
    concat(section, section, section.pipe(repeat(2)), failing.pipe(retry(2))).subscribe((value) =>
      seen.push(value),
    );
    expect(seen).toEqual(['x', 'x', 'x', 'x', 'y']);
    expect(isTaken(lock)).toBe(false);
  });

  it('releases when the project throws', () => {
    const lock = make();
    let error: unknown;
    const fail = (): never => {
      throw new Error('no project');
    };
    of(1)
      .pipe(withLock(lock, fail))
      .subscribe({ error: (one) => (error = one) });
    expect(error).toMatchObject({ message: 'no project' });
    expect(isTaken(lock)).toBe(false);
  });

  it('cuts what is endless and synchronous, source, inner or both', () => {
    const endless = new Observable<number>((subscriber) => {
      for (let value = 0; !subscriber.closed; value++) subscriber.next(value);
    });
    const lock = make();
    const seen: number[] = [];
    for (const operator of [
      withLock<number>(lock),
      withLock(lock, (value: number) => of(value)),
      withLock(lock, () => endless),
    ]) {
      endless.pipe(operator, take(3)).subscribe((value) => seen.push(value));
      expect(isTaken(lock)).toBe(false);
    }
    expect(seen).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
  });

  it('lets a hundred thousand values follow each other', async () => {
    const lock = make();
    const holding = NEVER.pipe(withLock(lock)).subscribe();
    let sum = 0;
    range(0, 100_000)
      .pipe(withLock(lock, (value) => of(value)))
      .subscribe((value) => (sum += value));
    expect(sum).toBe(0);
    holding.unsubscribe();
    await turns(1);
    expect(sum).toBe(4_999_950_000);
  });

  it('runs a value that a section sends to its own source after that section', () => {
    const source = new Subject<number>();
    const events: string[] = [];
    source
      .pipe(
        withLock(make(), (value, index) => {
          if (value < 3) source.next(value + 1);
          else source.complete();
          events.push(`${index}: ${value} runs`);
          return of(value);
        }),
      )
      .subscribe({ next: (value) => events.push(`${value}`), complete: () => events.push('complete') });
    source.next(1);
    expect(events).toEqual(['0: 1 runs', '1', '1: 2 runs', '2', '2: 3 runs', '3', 'complete']);
  });

  it('does not subscribe to what a project returns that unsubscribed', () => {
    const lock = make();
    let subscribed = 0;
    const inner = defer(() => of(++subscribed));
    const source = new Subject<number>();
    const subscription = source
      .pipe(
        withLock(lock, () => {
          subscription.unsubscribe();
          return inner;
        }),
      )
      .subscribe();
    source.next(1);
    expect(subscribed).toBe(0);
    expect(isTaken(lock)).toBe(false);
  });
});

// One of somebody else may serve its next waiter inside `release`.
describe.each(acquirables.slice(0, -1))('withLock over a %s of ours', (_, make) => {
  it('can be acquired in complete and in error, while others wait for it', async () => {
    const lock = make();
    const taken: boolean[] = [];
    const source = new Subject<string>();
    const acquire = () => {
      taken.push(lock.acquireSync({ blocking: false }));
      lock.release();
    };
    const first = source.pipe(withLock(lock)).subscribe({ complete: acquire, error: acquire });
    const second = NEVER.pipe(withLock(lock)).subscribe();
    source.complete();
    const third = throwError(() => 'sad')
      .pipe(withLock(lock))
      .subscribe({ error: acquire });
    second.unsubscribe();
    await turns(1);
    expect(taken).toEqual([true, true]);
    for (const one of [first, second, third]) one.unsubscribe();
    expect(isTaken(lock)).toBe(false);
  });
});

// One of somebody else may let in within its release.
it.each(acquirables.filter(([name]) => name !== 'lock of somebody else'))(
  'over a %s, begins no section in the teardown that leaves all of them',
  async (_, make) => {
    const lock = make();
    const begun: string[] = [];
    const pipeline = (name: string) =>
      of(name).pipe(withLock(lock, (value) => concat(of(begun.push(value)), NEVER)));
    const all = merge(pipeline('first'), pipeline('second'), pipeline('third')).subscribe();
    all.unsubscribe();
    await turns(1);
    expect(begun).toEqual(['first']);
    expect(isTaken(lock)).toBe(false);
  },
);

it('tells of a section whose own code has released its lock', () => {
  const lock = new Lock();
  let error: unknown;
  of(1)
    .pipe(withLock(lock, () => of(lock.release())))
    .subscribe({ error: (one) => (error = one) });
  expect(error).toBeInstanceOf(ThreadError);
});

describe('a source that ends within its own subscription, and whose teardown throws,', () => {
  const source = new Observable<number>((subscriber) => {
    subscriber.next(1);
    subscriber.complete();
    return () => {
      throw new Error('torn');
    };
  });
  const of1 = of(1);

  it.each<[string, (lock: Lock) => Observable<number>]>([
    ['inside', (lock) => of1.pipe(withLock(lock, () => source))],
    ['as a whole', (lock) => source.pipe(withLock(lock))],
  ])('leaves no lock held: %s', async (_, make) => {
    for (const taken of [false, true]) {
      const lock = new Lock();
      if (taken) lock.acquireSync();
      const seen: unknown[] = [];
      const sections = make(lock).subscribe({
        next: (one) => seen.push(one),
        error: (one) => seen.push(one),
      });
      if (taken) lock.release();
      await turns(2);
      expect(seen).toEqual([1, new Error('torn')]);
      expect(sections.closed).toBe(true);
      expect(lock.locked()).toBe(false);
    }
  });
});

it.each([
  [() => withLock(undefined as never), 'undefined'],
  [() => withLock({} as never), '{}'],
  [() => withLock('lock' as never, () => EMPTY), "'lock'"],
  [() => withLock(new Lock(), 5 as never), '5'],
  [() => withLock(new Lock(), 'project' as never), "'project'"],
  [() => withLock(new Lock(), undefined as never, { timeout: 5 }), 'undefined'],
  [() => withLock(new Lock(), { timeout: -1 }), '-1'],
  [() => withLock(new Lock(), () => EMPTY, { timeout: Number.NaN }), 'NaN'],
  [() => withLock(new Lock(), () => EMPTY, { timeout: '5' as never }), "'5'"],
  [() => withLock(new Lock(), () => EMPTY, null as never), 'null'],
  [() => withLock(new RLock(), () => EMPTY, { owner: 'me' as never }), "'me'"],
])('refuses bad input at the call: %s', (call, shown) => {
  expect(call).toThrow(/TypeError|RangeError|must/);
  expect(call).toThrow(shown);
});

it('passes the error of an inner input that is none', () => {
  let error: unknown;
  of(1)
    .pipe(
      withLock(new Lock(), () => 5 as never),
      map(String),
    )
    .subscribe({ error: (one) => (error = one) });
  expect(error).toBeInstanceOf(TypeError);
});
