import { BoundedSemaphore, Semaphore } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { turns } from '../support/turns.js';

describe.each([
  ['Semaphore', Semaphore],
  ['BoundedSemaphore', BoundedSemaphore],
])('%s', (name, Type) => {
  it.each([
    [-1, RangeError],
    [1.5, RangeError],
    [Number.NaN, RangeError],
    [2 ** 40, RangeError],
    ['1', TypeError],
    [null, TypeError],
  ])('refuses the value %o', (value, error) => {
    expect(() => new Type(value as never)).toThrow(error);
  });

  it('begins at 1', () => {
    expect(new Type().value).toBe(1);
    expect(new Type().name).toMatch(new RegExp(`^${name}-\\d+$`));
  });

  it('lets as many in as it has permits', () => {
    const semaphore = new Type(2);
    expect([1, 2, 3].map(() => semaphore.acquireSync({ blocking: false }))).toEqual([true, true, false]);
    expect(semaphore.value).toBe(0);
    semaphore.release(2);
    expect(semaphore.value).toBe(2);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses to release %o, and stays as it is', (n) => {
    const semaphore = new Type(1);
    semaphore.acquireSync();
    expect(() => semaphore.release(n)).toThrow(RangeError);
    expect(semaphore.value).toBe(0);
  });

  it('serves as many waiters as permits are released', async () => {
    const semaphore = new Type(3);
    semaphore.acquireSync();
    semaphore.acquireSync();
    semaphore.acquireSync();
    const served: number[] = [];
    for (let index = 0; index < 5; index++) semaphore.acquire().subscribe(() => served.push(index));
    expect(semaphore.waiting).toBe(5);
    semaphore.release(3);
    await turns(2);
    expect(served).toEqual([0, 1, 2]);
    expect(semaphore.waiting).toBe(2);
  });
});

describe('Semaphore', () => {
  it('grows past its initial value', () => {
    const semaphore = new Semaphore(1);
    semaphore.release(4);
    expect(semaphore.value).toBe(5);
  });
});

describe('BoundedSemaphore', () => {
  it('does not grow past its initial value: a refused release changes nothing', () => {
    const semaphore = new BoundedSemaphore(3);
    expect(semaphore.bound).toBe(3);
    expect(() => semaphore.release()).toThrow(RangeError);
    semaphore.acquireSync();
    expect(() => semaphore.release(2)).toThrow(RangeError);
    expect(semaphore.value).toBe(2);
    semaphore.release();
    expect(semaphore.value).toBe(3);
  });
});
