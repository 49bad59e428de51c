import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { Semaphore } from 'rxjs-threading';
import { describe, expect, test } from 'vitest';
import { runJob } from '../../src/redis/job-body.js';
import { counts, targets, until } from '../support/job-farm.js';
import { farmOfFile } from './support/farm-of-file.js';

const { farmed } = farmOfFile();

describe('stream', () => {
  test('gives every value in order, none twice, through a reader that is slow', () =>
    farmed(async ({ pool }) => {
      const values: number[] = [];
      await new Promise<void>((complete, error) =>
        pool.stream(targets.countTo, [5000]).subscribe({
          next: (value) => {
            values.push(value);
            // Keeps this thread busy, so that values pile up behind it.
            if (value % 500 === 0) for (const end = Date.now() + 50; Date.now() < end; );
          },
          error,
          complete,
        }),
      );
      expect(values).toEqual(Array.from({ length: 5000 }, (_, n) => n + 1));
    }));

  test('gives values that are more than the engine lets wait for a reader', () =>
    farmed(async ({ pool }) => {
      const texts: number[] = [];
      await new Promise<void>((complete, error) =>
        pool
          .stream(targets.texts, [300, 200_000])
          .subscribe({ next: (text) => texts.push(text.length), error, complete }),
      );
      expect(texts).toEqual(Array.from({ length: 300 }, () => 200_000));
    }));

  test('fails at a value that is too large for a message', () =>
    farmed(async ({ pool }) => {
      const all = firstValueFrom(pool.stream(targets.texts, [1, 2 ** 24]).pipe(toArray()));
      await expect(all).rejects.toThrow(
        /^output\[0\] must be at most 16777216 bytes, encoded, got 16777218$/,
      );
    }));

  test('gives what the target returns, where that is no stream', () =>
    farmed(async ({ pool }) => {
      expect(await firstValueFrom(pool.stream(targets.add, [1, 2]).pipe(toArray()))).toEqual([3]);
    }));

  test('gives the values before an error', () =>
    farmed(async ({ pool }) => {
      const values: number[] = [];
      const error = await new Promise<Error>((resolve) =>
        pool
          .stream(targets.countThenFail, [2500])
          .subscribe({ next: (one) => values.push(one), error: resolve }),
      );
      expect(error.message).toBe('after the last');
      expect(values).toHaveLength(2500);
    }));

  test('holds an endless target back until it is left, and ends it then', () =>
    farmed(async ({ pool }) => {
      const some = pool.stream(targets.countTo, [1e9]).pipe(take(3), toArray());
      expect(await lastValueFrom(some)).toEqual([1, 2, 3]);
      await until(async () => (await counts(pool)).active === 0);
    }));

  test('holds back what is pulled, also where that has null in the place of subscribe', async () => {
    const module = `data:text/javascript,export const run = () => ({
      subscribe: null,
      async *[Symbol.asyncIterator]() {
        yield 1;
        yield 2;
      },
    });`;
    const room = new Semaphore(1);
    const job = { id: '1', attempt: 1, token: 1n };
    const values = (await runJob(module, 'run', [], job, room)) as AsyncGenerator<number>;
    expect(await values.next()).toEqual({ done: false, value: 1 });
    expect(room.value).toBe(0);
    room.release();
    expect(await values.next()).toEqual({ done: false, value: 2 });
    expect(room.value).toBe(0);
  });

  test('goes on for many leases, however few its values are', () =>
    farmed(
      async ({ pool }) => {
        const values = pool.stream(targets.countSlowly, [30, 200]).pipe(toArray());
        expect(await lastValueFrom(values)).toHaveLength(30);
      },
      { lease: 1000 },
    ));

  test('takes no retry, nor what is shared', () =>
    farmed(async ({ pool }) => {
      const options = { retry: { attempts: 2 } } as never;
      expect(() => pool.stream(targets.countTo, [1], options)).toThrow(/^there is no option retry/);
      const shared = { dedupe: 'one' } as never;
      expect(() => pool.stream(targets.countTo, [1], shared)).toThrow(/^there is no option dedupe/);
    }));
});
