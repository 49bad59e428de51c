import { lastValueFrom, of } from 'rxjs';
import * as here from 'rxjs-threading';
import { beforeAll, describe, expect, it } from 'vitest';
import { installed } from '../../support/installed.js';

let there: typeof here;
beforeAll(async () => {
  there = (await import(`${installed()}/node_modules/rxjs-threading/dist/index.js`)) as typeof here;
});

describe('of another copy of the package', () => {
  it('a primitive is an argument like those of this copy', async () => {
    const lock = new there.Lock();
    lock.acquireSync();
    const target = (one: here.Lock): unknown => {
      one.release();
      return one;
    };
    const back = await new here.Thread({ target, args: [lock] }).start().result();
    expect(back).toBe(lock);
    expect(lock.locked()).toBe(false);
    const barrier = new there.Barrier(1, { action: () => 1 });
    expect(
      await new here.Thread({ target: (one: here.Barrier) => one.waitSync(), args: [barrier] })
        .start()
        .result(),
    ).toBe(0);
    const condition = new there.Condition();
    const locked = (one: here.Condition): boolean => one.acquireSync();
    expect(await new here.Thread({ target: locked, args: [condition] }).start().result()).toBe(true);
  });

  it.each<[string, () => unknown]>([
    [
      'a ThreadPool',
      () => new here.Thread({ target: () => 1, pool: new there.ThreadPool({ minThreads: 0 }) }),
    ],
    ['a lock for withLock', () => here.withLock({ lock: new there.Lock() } as never, () => of(1))],
    [
      'a ThreadPool as an argument',
      () =>
        new here.Thread({ target: (one) => one, args: [new there.ThreadPool({ minThreads: 0 })] }).start(),
    ],
    [
      'a ThreadLocal as an argument',
      () => new here.Thread({ target: (one) => one, args: [new there.ThreadLocal()] }).start(),
    ],
    ['a lock of a Condition', () => new here.Condition(new there.Lock())],
    ['a Condition for awaitCondition', () => here.awaitCondition(new there.Condition(), () => true)],
  ])('%s is refused, and it says so', (name, make) => {
    if (name.startsWith('a lock for')) expect(make).toThrow(TypeError);
    else expect(make).toThrow(/of another copy of rxjs-threading: `npm ls rxjs-threading`/);
  });

  it.each<[string, () => unknown]>([
    ['an Event for withLock', () => here.withLock(new here.Event() as never, () => of(1))],
    ['a Lock for awaitEvent', () => here.awaitEvent(new here.Lock() as never)],
    ['a Condition as the lock of one', () => new here.Condition(new here.Condition() as never)],
    ['a Lock as a pool', () => here.threadMap((n: number) => n, { pool: new here.Lock() as never })],
    ['a Thread for toHandle', () => here.toHandle(here.currentThread() as never)],
  ])('nothing is said to be that is of this one: %s', (_, make) => {
    expect(make).toThrow(TypeError);
    expect(make).not.toThrow(/another copy/);
  });

  it('an Event and a Barrier do for the operators of this one', async () => {
    const event = new there.Event();
    const seen: string[] = [];
    of('late')
      .pipe(here.awaitEvent(event))
      .subscribe((value) => seen.push(value));
    of('cancelled')
      .pipe(here.timerDelay(60_000, { cancel: event }))
      .subscribe({ complete: () => seen.push('gone') });
    expect(seen).toEqual([]);
    event.set();
    await expect.poll(() => seen.toSorted()).toEqual(['gone', 'late']);
    expect(await lastValueFrom(of('a').pipe(here.barrierZip(new there.Barrier(1))))).toEqual(['a']);
  });

  it('primitives guard the same sections', async () => {
    const lock = new there.Lock();
    const mine = here.fromHandle(there.toHandle(lock)) as here.Lock;
    mine.acquireSync();
    expect(lock.locked()).toBe(true);
    mine.release();
    expect(await lastValueFrom(of(1).pipe(here.withLock(mine, () => of(lock.locked()))))).toBe(true);
  });
});
