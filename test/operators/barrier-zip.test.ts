import { catchError, concat, config, lastValueFrom, NEVER, of, range, Subject, toArray } from 'rxjs';
import { Barrier, BrokenBarrierError, barrierZip, Thread, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { until } from '../support/turns.js';
import { inVirtualTime } from '../support/virtual-time.js';

const targets = threadModule<typeof import('../fixtures/operators/targets.js')>(
  new URL('../fixtures/operators/targets.js', import.meta.url),
);

describe('barrierZip, in virtual time,', () => {
  const pairs = { p: ['a', 'x'], q: ['b', 'y'], r: ['c', 'z'] };

  it('emits a tuple when every stream has a value for the round', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const left = hot(' -a--b----c-|   ');
      const right = hot('---x--y-----z-|');
      const expected = ' ---p--q-----(r|)';
      expectObservable(left.pipe(barrierZip(new Barrier(2), right))).toBe(expected, pairs);
    });
  });

  it('keeps what a faster stream has beyond the round', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const left = hot(' (abc|)         ');
      const right = hot('-----x-y---z---');
      const expected = ' -----p-q---(r|)';
      expectObservable(left.pipe(barrierZip(new Barrier(2), right))).toBe(expected, pairs);
    });
  });

  it('completes when a stream that has completed has nothing for the next round', () => {
    inVirtualTime(({ hot, expectObservable, expectSubscriptions }) => {
      const left = hot(' -a---b-----');
      const right = hot('--x-|      ');
      const expected = ' --p-|      ';
      expectObservable(left.pipe(barrierZip(new Barrier(2), right))).toBe(expected, pairs);
      expectSubscriptions(left.subscriptions).toBe('^---!');
    });
  });

  it('passes an error of any stream on', () => {
    const barrier = new Barrier(2);
    inVirtualTime(({ hot, expectObservable }) => {
      const left = hot(' -a---b-----');
      const right = hot('--x---#    ');
      const expected = ' --p---#    ';
      expectObservable(left.pipe(barrierZip(barrier, right))).toBe(expected, pairs);
    });
    expect(barrier.nWaiting).toBe(0);
  });

  it('makes pipelines of one thread wait for each other', () => {
    inVirtualTime(({ hot, expectObservable }) => {
      const barrier = new Barrier(2);
      const one = { a: ['a'], b: ['b'], x: ['x'], y: ['y'] };
      const left = hot('        -a---b|');
      const expectedLeft = '    ---a---(b|)';
      const right = hot('       ---x---y|');
      const expectedRight = '   ---x---y|';
      expectObservable(left.pipe(barrierZip(barrier))).toBe(expectedLeft, one);
      expectObservable(right.pipe(barrierZip(barrier))).toBe(expectedRight, one);
    });
  });

  it('withdraws when it is left, and comes anew', () => {
    const barrier = new Barrier(2);
    inVirtualTime(({ hot, expectObservable, expectSubscriptions }) => {
      const left = hot(' -a---b-----');
      const right = hot('---------y-');
      const zipped = left.pipe(barrierZip(barrier, right));
      expectObservable(zipped, '---!').toBe('');
      expectObservable(zipped, '---^').toBe('---------q', pairs);
      expectSubscriptions(left.subscriptions).toBe(['^--!', '---^']);
    });
    expect(barrier.nWaiting).toBe(0);
  });
});

it.each([0, 1, 2])('ends once, and at once, when stream %i has nothing for the next round', async (ends) => {
  const late: unknown[] = [];
  config.onStoppedNotification = (notification) => late.push(notification);
  const streams = [new Subject<number>(), new Subject<number>(), new Subject<number>()] as const;
  const seen: unknown[] = [];
  streams[0].pipe(barrierZip(new Barrier(3), streams[1], streams[2])).subscribe({
    next: (tuple) => {
      seen.push(tuple);
      // All at once, within the last round: of a stream that is left none is heard.
      for (const stream of streams) stream.complete();
    },
    complete: () => {
      seen.push('complete');
      expect(streams.map((stream) => stream.observed)).not.toContain(true);
    },
  });
  for (const [index, stream] of streams.entries()) if (index !== ends) stream.next(index);
  streams[ends]?.next(ends);
  expect(seen).toEqual([[0, 1, 2], 'complete']);
  const [left, right] = [new Subject<number>(), new Subject<number>()];
  left.pipe(barrierZip(new Barrier(2), right)).subscribe({ complete: () => seen.push('again') });
  left.next(1);
  right.complete();
  expect(seen.at(-1)).toBe('again');
  expect(left.observed).toBe(false);
  // RxJS tells of what comes too late in a timer.
  await new Promise((resolve) => setTimeout(resolve, 1));
  config.onStoppedNotification = null;
  expect(late).toEqual([]);
});

it('goes through a hundred thousand rounds that are there already', async () => {
  const left = new Subject<number>();
  let sum = 0;
  left.pipe(barrierZip(new Barrier(2), range(0, 100_000))).subscribe(([a, b]) => {
    sum += a - b;
  });
  for (let value = 0; value < 100_000; value++) left.next(value);
  expect(sum).toBe(0);
});

it('waits for the parties of another thread in every round', async () => {
  const barrier = new Barrier(3);
  const thread = new Thread({ target: targets.arrive, args: [barrier, 20] });
  const zipped = lastValueFrom(range(0, 20).pipe(barrierZip(barrier, range(100, 20)), toArray()));
  expect(barrier.nWaiting).toBe(2);
  thread.start();
  expect(await zipped).toEqual(Array.from({ length: 20 }, (_, round) => [round, 100 + round]));
  expect(new Set(await thread.result()).size).toBeGreaterThan(0);
  expect(barrier.nWaiting).toBe(0);
});

it('keeps pipelines of two threads in step', async () => {
  const barrier = new Barrier(2);
  const thread = new Thread({ target: targets.zipHere, args: [barrier, 50] }).start();
  const here = await lastValueFrom(range(0, 50).pipe(barrierZip(barrier), toArray()));
  expect(here).toHaveLength(50);
  expect(await thread.result()).toEqual([49]);
});

it('a barrier that another thread breaks reaches catchError, with the place', async () => {
  const barrier = new Barrier(3);
  const thread = new Thread({ target: targets.breakAt, args: [barrier, 2] }).start();
  const error = await lastValueFrom(
    concat(of('a'), NEVER).pipe(
      barrierZip(barrier, concat(of('x'), NEVER)),
      catchError((error: unknown) => of(error)),
    ),
  );
  expect(error).toBeInstanceOf(BrokenBarrierError);
  expect(error).toMatchObject({ cause: { index: 0 } });
  await thread.join();
  const again = lastValueFrom(of('a').pipe(barrierZip(barrier, of('x'))));
  await expect(again).rejects.toMatchObject({ code: 'ERR_BROKEN_BARRIER' });
});

it('leaves a thread that waits at the barrier waiting', async () => {
  const barrier = new Barrier(2);
  const thread = new Thread({ target: targets.arrive, args: [barrier, 1] }).start();
  await until(() => barrier.nWaiting === 1);
  const source = new Subject<number>();
  const subscription = source.pipe(barrierZip(barrier)).subscribe();
  subscription.unsubscribe();
  expect(barrier.nWaiting).toBe(1);
  expect(barrier.broken).toBe(false);
  expect(await barrier.wait()).toBe(1);
  expect(await thread.result()).toEqual([0]);
});

it('runs the action of the barrier once a round', async () => {
  let rounds = 0;
  const barrier = new Barrier(2, { action: () => void rounds++ });
  await lastValueFrom(range(0, 5).pipe(barrierZip(barrier, range(0, 5))));
  expect(rounds).toBe(5);
});

it.each([
  [() => barrierZip({} as never), TypeError, '{}'],
  [() => barrierZip(new Barrier(1, { name: 'small' }), of(1)), RangeError, 'small'],
  [() => barrierZip(new Barrier(2), of(1), of(2)), RangeError, 'got 2'],
  [() => barrierZip(new Barrier(2), 5 as never), TypeError, '5'],
])('refuses bad input at the call: %s', (call, type, shown) => {
  expect(call).toThrow(type);
  expect(call).toThrow(shown);
});
