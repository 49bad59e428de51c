import { concat, firstValueFrom, of, Subject, TimeoutError, takeUntil } from 'rxjs';
import { BoundedSemaphore, Condition, Lock, RLock, Semaphore, TIMEOUT_MAX } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { turns } from '../support/turns.js';

/** Each of these lets one in. */
const kinds = [
  ['Lock', () => new Lock(), false],
  ['RLock', () => new RLock(), true],
  ['Condition over a Lock', () => new Condition(new Lock()), false],
  ['Semaphore', () => new Semaphore(1), false],
  ['BoundedSemaphore', () => new BoundedSemaphore(1), false],
] as const;
const exclusive = kinds.filter(([, , reentrant]) => !reentrant);

describe.each(kinds)('%s', (_, make) => {
  it('is acquired by subscribing, each time anew, and not before', async () => {
    const one = make();
    const wait = one.acquire();
    expect(one.acquireSync({ blocking: false })).toBe(true);
    one.release();
    const seen: unknown[] = [];
    for (let time = 0; time < 2; time++) {
      wait.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('complete') });
      one.release();
    }
    expect(seen).toEqual([true, 'complete', true, 'complete']);
  });

  it('can be awaited, with then, catch-all and firstValueFrom alike', async () => {
    const one = make();
    expect(await one.acquire()).toBe(true);
    one.release();
    expect(await one.acquire().then((taken) => [taken])).toEqual([true]);
    one.release();
    expect(await firstValueFrom(one.acquire())).toBe(true);
    one.release();
  });

  it('runs a continuation after the code that asked for it', async () => {
    const one = make();
    const order: string[] = [];
    const done = one.acquire().then(() => order.push('continuation'));
    order.push('code');
    await done;
    expect(order).toEqual(['code', 'continuation']);
    one.release();
  });

  it('hands out a Held that releases once', async () => {
    const one = make();
    const held = await one.hold();
    expect(held.released).toBe(false);
    held.release();
    expect(held.released).toBe(true);
    held.release();
    {
      using again = one.holdSync();
      expect(again.released).toBe(false);
    }
    {
      await using again = await one.hold();
      expect(again.released).toBe(false);
    }
    expect(one.acquireSync({ blocking: false })).toBe(true);
    one.release();
  });

  it('gives a Held back when the block throws', () => {
    const one = make();
    expect(() => {
      using _held = one.holdSync();
      throw new TypeError('from the block');
    }).toThrow('from the block');
    expect(one.acquireSync({ blocking: false })).toBe(true);
    one.release();
  });

  it('takes timeouts up to TIMEOUT_MAX', async () => {
    const one = make();
    for (const timeout of [0, 2 ** 31, TIMEOUT_MAX]) {
      expect(await one.acquire({ timeout })).toBe(true);
      one.release();
      expect(one.acquireSync({ timeout })).toBe(true);
      one.release();
    }
  });

  it.each([
    [{ timeout: -1 }, RangeError, '-1'],
    [{ timeout: Number.NaN }, RangeError, 'NaN'],
    [{ timeout: TIMEOUT_MAX + 1024 }, RangeError, String(TIMEOUT_MAX + 1024)],
    [{ timeout: Number.POSITIVE_INFINITY }, RangeError, 'Infinity'],
    [{ timeout: '5' }, TypeError, "'5'"],
    [{ timeout: null }, TypeError, 'null'],
    [{ blocking: false, timeout: 5 }, RangeError, '5'],
    [{ blocking: 0 }, TypeError, '0'],
    [{ signal: 'stop' }, TypeError, "'stop'"],
    [7, TypeError, '7'],
    [null, TypeError, 'null'],
  ])('refuses %o at the call', (options, type, shown) => {
    const one = make();
    expect(() => one.acquire(options as never)).toThrow(type);
    expect(() => one.acquire(options as never)).toThrow(shown);
    if (!(options !== null && typeof options === 'object' && 'signal' in options)) {
      expect(() => one.acquireSync(options as never)).toThrow(type);
    }
    expect(one.acquireSync({ blocking: false })).toBe(true);
    one.release();
  });

  it('errors with the reason of a signal that was aborted before', async () => {
    const one = make();
    const reason = new Error('never mind');
    await expect(one.acquire({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(one.acquireSync({ blocking: false })).toBe(true);
    one.release();
  });
});

describe.each(exclusive)('%s in the hands of another', (_, make) => {
  it('emits false at once when it must not wait', async () => {
    const one = make();
    one.acquireSync();
    expect(await one.acquire({ blocking: false })).toBe(false);
    expect(await one.acquire({ timeout: 0 })).toBe(false);
    expect(one.acquireSync({ blocking: false })).toBe(false);
    expect(one.acquireSync({ timeout: 0 })).toBe(false);
    one.release();
  });

  it('gives up after the timeout, not before, in both faces', async () => {
    const one = make();
    one.acquireSync();
    for (const wait of [() => one.acquire({ timeout: 30 }), () => one.acquireSync({ timeout: 30 })]) {
      const start = performance.now();
      expect(await wait()).toBe(false);
      expect(performance.now() - start).toBeGreaterThanOrEqual(30);
    }
    await expect(one.hold({ timeout: 5 })).rejects.toBeInstanceOf(TimeoutError);
    expect(() => one.holdSync({ timeout: 5 })).toThrow(TimeoutError);
    const said = /^hold of \w+-\d+ ran into its timeout of 5 ms$/;
    await expect(one.hold({ timeout: 5 })).rejects.toThrow(said);
    expect(() => one.holdSync({ timeout: 5 })).toThrow(said);
    one.release();
    expect(one.acquireSync({ blocking: false })).toBe(true);
    one.release();
  });

  it('waits on past 2^31 ms', async () => {
    const one = make();
    one.acquireSync();
    let settled = false;
    const wait = one.acquire({ timeout: 2 ** 31 + 5 }).then((taken) => {
      settled = true;
      return taken;
    });
    await turns(20);
    expect(settled).toBe(false);
    one.release();
    expect(await wait).toBe(true);
    one.release();
  });

  it('serves the waiters in the order they came', async () => {
    const one = make();
    one.acquireSync();
    const order: number[] = [];
    const waits = Array.from({ length: 20 }, async (_value, index) => {
      await one.acquire();
      order.push(index);
      if (index % 3 === 0) await turns(1);
      one.release();
    });
    one.release();
    await Promise.all(waits);
    expect(order).toEqual(Array.from({ length: 20 }, (_value, index) => index));
  });

  it('forgets a waiter that unsubscribes, first, middle or last', async () => {
    const one = make();
    one.acquireSync();
    const served: number[] = [];
    const subscriptions = [0, 1, 2, 3, 4].map((index) =>
      one.acquire().subscribe(() => {
        served.push(index);
        one.release();
      }),
    );
    for (const index of [0, 2, 4]) subscriptions[index]?.unsubscribe();
    one.release();
    await turns(3);
    expect(served).toEqual([1, 3]);
    expect(one.acquireSync({ blocking: false })).toBe(true);
    one.release();
  });

  it('goes on to the next when the one it was released for leaves before it is served', async () => {
    const one = make();
    one.acquireSync();
    const served: string[] = [];
    const first = one.acquire().subscribe(() => served.push('first'));
    one.acquire().subscribe(() => served.push('second'));
    one.release();
    first.unsubscribe();
    await turns(2);
    expect(served).toEqual(['second']);
    one.release();
  });

  it('leaves the queue when the signal aborts, with its reason', async () => {
    const one = make();
    one.acquireSync();
    const controller = new AbortController();
    const wait = one.acquire({ signal: controller.signal });
    const outcome = expect(wait).rejects.toBe('enough');
    await turns(1);
    controller.abort('enough');
    await outcome;
    one.release();
    expect(one.acquireSync({ blocking: false })).toBe(true);
    one.release();
  });

  it('is free when a release and a new acquire stand in one turn', () => {
    const one = make();
    one.acquireSync();
    one.acquire().subscribe(() => one.release());
    one.release();
    // Nobody is handed what its code cannot use yet: a blocked loop holds nothing.
    expect(one.acquireSync({ timeout: 0 })).toBe(true);
    one.release();
  });

  it('works in pipelines: concat of two sections, takeUntil while waiting', async () => {
    const one = make();
    const stop = new Subject<void>();
    one.acquireSync();
    const cut: unknown[] = [];
    one
      .acquire()
      .pipe(takeUntil(stop))
      .subscribe({ next: (value) => cut.push(value), complete: () => cut.push('cut') });
    stop.next();
    one.release();
    await turns(2);
    expect(cut).toEqual(['cut']);
    const seen: unknown[] = [];
    concat(one.acquire(), of('work')).subscribe((value) => seen.push(value));
    one.release();
    expect(seen).toEqual([true, 'work']);
  });

  it('is waited for by thousands under one signal, without a warning', async () => {
    const one = make();
    one.acquireSync();
    const warnings: unknown[] = [];
    const warned = (warning: unknown) => warnings.push(warning);
    process.on('warning', warned);
    const controller = new AbortController();
    for (let time = 0; time < 2000; time++)
      one.acquire({ signal: controller.signal }).subscribe({ error: () => {} });
    await turns(2);
    controller.abort();
    process.off('warning', warned);
    expect(warnings).toEqual([]);
    expect(one.waiting).toBe(0);
    one.release();
  });
});
