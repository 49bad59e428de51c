import { lastValueFrom, range, toArray } from 'rxjs';
import { Lock, Thread, ThreadPool, threadMap } from 'rxjs-threading';
import { expect, test } from 'vitest';

test('an inline target that imports packages, the library and a file', async () => {
  const target = async () => {
    const { of } = await import('rxjs');
    const { currentThread } = await import('rxjs-threading');
    const { twice } = await import('./twice.js');
    return [typeof of, currentThread().name, twice(21)];
  };
  expect(await new Thread({ target, name: 'inline' }).start().result()).toEqual(['function', 'inline', 42]);
});

test('a lock, a pool and threadMap', async () => {
  const lock = new Lock();
  const pool = new ThreadPool({ maxThreads: 1 });
  expect(await pool.run((lock: Lock) => lock.acquireSync(), [lock])).toBe(true);
  expect(lock.locked()).toBe(true);
  const mapped = range(1, 3).pipe(
    threadMap((n: number) => n * n, { pool }),
    toArray(),
  );
  expect(await lastValueFrom(mapped)).toEqual([1, 4, 9]);
  await pool.close();
});
