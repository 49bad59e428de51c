import { asapScheduler, lastValueFrom, NEVER, of, range, Subject, toArray, VirtualTimeScheduler } from 'rxjs';
import { Event, Thread, threadModule, timerDelay } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { marked } from '../support/marked-event.js';
import { until } from '../support/turns.js';
import { inVirtualTime } from '../support/virtual-time.js';

const targets = threadModule<typeof import('../fixtures/operators/targets.js')>(
  new URL('../fixtures/operators/targets.js', import.meta.url),
);

describe('timerDelay, in virtual time,', () => {
  it('delays every value, and completes after the last', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const source = hot(' -a-bc--|     ');
      const expected = '   ----a-b(c|)  ';
      expectObservable(source.pipe(timerDelay(3))).toBe(expected);
    });
    inVirtualTime(({ hot, expectObservable }) => {
      const source = hot(' -a|     ');
      const expected = '   ------(a|)';
      expectObservable(source.pipe(timerDelay(5))).toBe(expected);
    });
  });

  it('does not delay an error', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const source = hot(' -a-#');
      const expected = '   ---#';
      expectObservable(source.pipe(timerDelay(5))).toBe(expected);
    });
  });

  it('drops what waits once it is cancelled, and what comes until that is cleared', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const cancel = hot(' -----s--c--------');
      const source = hot(' -a-b--c---d---e|');
      const expected = '   ----a--------d---(e|)';
      expectObservable(source.pipe(timerDelay(3, { cancel: marked(cancel) }))).toBe(expected);
    });
  });

  it('drops what waits though cancel is cleared at once, and completes then', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const cancel = hot(' ----b----');
      const source = hot(' -a-|     ');
      const expected = '   ----|    ';
      expectObservable(source.pipe(timerDelay(5, { cancel: marked(cancel) }))).toBe(expected);
    });
  });

  it('is left while values wait, and come back to without them', () => {
    inVirtualTime(({ hot, expectObservable, expectSubscriptions }) => {
      const cancel = new Event();
      const source = hot('  -a--b-----|');
      const delayed = source.pipe(timerDelay(3, { cancel }));
      expectObservable(delayed, '---!').toBe('');
      expectObservable(delayed, '---^').toBe('-------b--|');
      expectSubscriptions(source.subscriptions).toBe(['^--!', '---^------!']);
    });
  });
});

it('waits for real, not less than told', async () => {
  const start = performance.now();
  expect(await lastValueFrom(of(1, 2).pipe(timerDelay(20), toArray()))).toEqual([1, 2]);
  expect(performance.now() - start).toBeGreaterThanOrEqual(19);
});

it('takes its time from the scheduler it is given', () => {
  const scheduler = new VirtualTimeScheduler();
  const seen: number[] = [];
  of(1)
    .pipe(timerDelay(1e6, { scheduler }))
    .subscribe((value) => seen.push(value));
  expect(seen).toEqual([]);
  scheduler.flush();
  expect(seen).toEqual([1]);
  expect(scheduler.frame).toBe(1e6);
});

it('works with a scheduler that knows only now', async () => {
  expect(
    await lastValueFrom(range(0, 3).pipe(timerDelay(0, { scheduler: asapScheduler }), toArray())),
  ).toEqual([0, 1, 2]);
});

it('does not take a long interval for none', () => {
  inVirtualTime(({ cold, expectObservable }) => {
    const years = 2 ** 31 * 3;
    expectObservable(cold('(a|)').pipe(timerDelay(years))).toBe(`${years}ms (a|)`);
  });
});

it('is cancelled by another thread', async () => {
  const [cancel, go] = [new Event(), new Event()];
  const thread = new Thread({ target: targets.setAfter, args: [cancel, go] }).start();
  const seen: unknown[] = [];
  const source = new Subject<number>();
  source
    .pipe(timerDelay(60_000, { cancel }))
    .subscribe({ next: (value) => seen.push(value), complete: () => seen.push('complete') });
  source.next(1);
  source.next(2);
  source.complete();
  go.set();
  await until(() => seen.length > 0);
  expect(seen).toEqual(['complete']);
  await thread.join();
  expect(cancel.waiting).toBe(0);
});

it.each([
  [() => timerDelay(-1), RangeError, '-1'],
  [() => timerDelay(Number.NaN), RangeError, 'NaN'],
  [() => timerDelay(Number.POSITIVE_INFINITY), RangeError, 'Infinity'],
  [() => timerDelay('5' as never), TypeError, "'5'"],
  [() => timerDelay(5, 7 as never), TypeError, '7'],
  [() => timerDelay(5, { cancel: NEVER as never }), TypeError, 'Observable'],
  [() => timerDelay(5, { scheduler: {} as never }), TypeError, '{}'],
])('refuses bad input at the call: %s', (call, type, shown) => {
  expect(call).toThrow(type);
  expect(call).toThrow(shown);
});
