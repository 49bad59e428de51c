import { catchError, concat, lastValueFrom, NEVER, of, Subject, TimeoutError, toArray } from 'rxjs';
import { awaitEvent, Event, Thread, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { marked } from '../support/marked-event.js';
import { until } from '../support/turns.js';
import { inVirtualTime } from '../support/virtual-time.js';

const targets = threadModule<typeof import('../fixtures/operators/targets.js')>(
  new URL('../fixtures/operators/targets.js', import.meta.url),
);

describe('awaitEvent, in virtual time,', () => {
  it('passes values while it is set and keeps them, in order, while it is not', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const event = hot('  -----s-----c-----s-----');
      const source = hot(' -a-b-----d---e-f------|');
      const expected = '   -----(ab)d-------(ef)-|';
      expectObservable(source.pipe(awaitEvent(marked(event)))).toBe(expected);
    });
  });

  it('lets pass exactly those that wait when it is set, though it is cleared at once', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const event = hot('  ----b-----b----');
      const source = hot(' -ab--c--d-----|');
      const expected = '   ----(ab)--(cd)|';
      expectObservable(source.pipe(awaitEvent(marked(event)))).toBe(expected);
    });
  });

  it('completes after what waits, and fails before it', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const event = hot('    -----s');
      const completing = hot('-a|   ');
      const failing = hot('   -a-#  ');
      const expected = '      -----(a|)';
      expectObservable(completing.pipe(awaitEvent(marked(event)))).toBe(expected);
      expectObservable(failing.pipe(awaitEvent(marked(event)))).toBe('---#');
    });
  });

  it('keeps the newest, or none, when told', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const event = hot('  ------s----');
      const source = hot(' -abcd-----|');
      const newest = '     ------(cd)|';
      const none = '       ----------|';
      const all = '        ------(abcd|)';
      expectObservable(source.pipe(awaitEvent(marked(event), { keep: 2 }))).toBe(newest);
      expectObservable(source.pipe(awaitEvent(marked(event), { keep: 0 }))).toBe(none);
      expectObservable(hot('-abc(d|)').pipe(awaitEvent(marked(event), { keep: 'all' }))).toBe(all);
    });
  });

  it('gives up when a value has waited too long since it came, and tells which', () => {
    inVirtualTime(({ hot, expectObservable, expectSubscriptions }) => {
      const event = hot('  ---b--------');
      const source = hot(' -ab-c------|');
      const expected = '   ---(ab)-e   ';
      const toPlace = (error: TimeoutError) => {
        expect(error).toBeInstanceOf(TimeoutError);
        expect(error.message).toBe('value 2 ran into its timeout of 4 ms');
        return concat(of(error.cause), NEVER);
      };
      const gate = awaitEvent(marked(event), { timeout: 4 });
      const values = { a: 'a', b: 'b', e: { index: 2, value: 'c' } };
      expectObservable(source.pipe(gate, catchError(toPlace))).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe('^-------!');
    });
  });

  it('is left while values wait, and come back to without them', () => {
    inVirtualTime(({ hot, expectObservable, expectSubscriptions }) => {
      const event = marked(hot('------s--'));
      const source = hot('      -a--b---|');
      const gated = source.pipe(awaitEvent(event));
      expectObservable(gated, ' ---!     ').toBe('');
      expectObservable(gated, ' ---^     ').toBe('------b-|');
      expectSubscriptions(source.subscriptions).toBe(['^--!', '---^----!']);
    });
  });
});

it('lets pass what waited when it was set, though a consumer clears it meanwhile', () => {
  const event = new Event();
  const source = new Subject<number>();
  const seen: number[] = [];
  source.pipe(awaitEvent(event)).subscribe((value) => {
    seen.push(value);
    event.clear();
    if (value === 1) source.next(4);
  });
  for (const value of [1, 2, 3]) source.next(value);
  event.set();
  expect(seen).toEqual([1, 2, 3]);
  event.set();
  expect(seen).toEqual([1, 2, 3, 4]);
});

it('lets a consumer be done with a value before the next, though it sends, sets and completes meanwhile', () => {
  const [event, source] = [new Event(), new Subject<number>()];
  const seen: unknown[] = [];
  source.pipe(awaitEvent(event)).subscribe({
    next: (value) => {
      seen.push(`in ${value}`);
      if (value === 1) {
        source.next(4);
        event.clear();
        source.next(5);
        event.set();
      }
      if (value === 3) source.complete();
      seen.push(`out ${value}`);
    },
    complete: () => seen.push('complete'),
  });
  for (const value of [1, 2, 3]) source.next(value);
  event.set();
  const values = [1, 2, 3, 4, 5].flatMap((value) => [`in ${value}`, `out ${value}`]);
  expect(seen).toEqual([...values, 'complete']);
});

it('drops none that may pass for newer ones that may not', () => {
  const event = new Event();
  const source = new Subject<number>();
  const seen: number[] = [];
  source.pipe(awaitEvent(event, { keep: 2 })).subscribe((value) => {
    seen.push(value);
    if (value !== 1) return;
    event.clear();
    for (const more of [3, 4, 5]) source.next(more);
  });
  for (const value of [1, 2]) source.next(value);
  event.set();
  expect(seen).toEqual([1, 2]);
  event.set();
  expect(seen).toEqual([1, 2, 4, 5]);
});

it.each(['setAfter', 'setAndClear'] as const)('is opened by another thread: %s', async (how) => {
  const [event, go] = [new Event(), new Event()];
  const thread = new Thread({ target: targets[how], args: [event, go] }).start();
  const passed = lastValueFrom(of(1, 2, 3).pipe(awaitEvent(event), toArray()));
  await until(() => event.waiting === 1);
  go.set();
  expect(await passed).toEqual([1, 2, 3]);
  await thread.join();
  expect(event.waiting).toBe(0);
});

it('leaves nobody waiting when it is unsubscribed, whoever sets it later', async () => {
  const [event, go] = [new Event(), new Event()];
  const thread = new Thread({ target: targets.setAfter, args: [event, go] }).start();
  const seen: number[] = [];
  const subscription = concat(of(1, 2), NEVER)
    .pipe(awaitEvent(event))
    .subscribe((value) => seen.push(value));
  expect(event.waiting).toBe(1);
  subscription.unsubscribe();
  expect(event.waiting).toBe(0);
  go.set();
  await thread.join();
  expect(seen).toEqual([]);
});

it.each([
  [() => awaitEvent({} as never), '{}'],
  [() => awaitEvent(undefined as never), 'undefined'],
  [() => awaitEvent(new Event(), { keep: -1 }), '-1'],
  [() => awaitEvent(new Event(), { keep: 1.5 }), '1.5'],
  [() => awaitEvent(new Event(), { keep: 'some' as never }), "'some'"],
  [() => awaitEvent(new Event(), { timeout: -5 }), '-5'],
  [() => awaitEvent(new Event(), 'all' as never), "'all'"],
])('refuses bad input at the call: %s', (call, shown) => {
  expect(call).toThrow(/must/);
  expect(call).toThrow(shown);
});
