import { firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { counts, targets, until } from '../support/job-farm.js';
import { farmOfFile } from './support/farm-of-file.js';

const { farmed } = farmOfFile();

describe('what does not travel', () => {
  test.each([
    [new Date(0), 'args[0]'],
    [[1, [Number.NaN]], 'args[0][1][0]'],
    [{ a: { b: new Map() } }, 'args[0].a.b'],
    [[undefined], 'args[0][0]'],
    [7n, 'args[0]'],
    [Buffer.from('x'), 'args[0]'],
    [{ a: { [Symbol('s')]: 1 } }, 'args[0].a[Symbol(s)]'],
    [Object.assign([1], { more: 2 }), 'args[0].more'],
    [Object.assign([1], { toJSON: () => 'else' }), 'args[0]'],
  ])('%s is a TypeError that names its place', (value, place) =>
    farmed(async ({ pool }) => {
      const error = await firstValueFrom(pool.run(targets.echo, [value])).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(
        new RegExp(`^${place.replace(/[[\].()]/g, '\\$&')} would not travel as JSON`),
      );
      expect((await counts(pool)).waiting).toBe(0);
    }),
  );

  test('a result that JSON would lose is an error of the job', () =>
    farmed(async ({ pool }) => {
      const error = await firstValueFrom(pool.run(targets.aDate)).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(/^result would not travel as JSON/);
    }));

  test('arguments of more than 1 MiB are a RangeError', () =>
    farmed(async ({ pool }) => {
      const error = await firstValueFrom(pool.run(targets.echo, ['x'.repeat(2 ** 20)])).catch(
        (thrown) => thrown,
      );
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toContain('1048576 bytes');
      expect(await pool.run(targets.echo, ['x'.repeat(2 ** 20 - 4)])).toHaveLength(2 ** 20 - 4);
    }));

  test('a result, and what is thrown, of more than 16 MiB are a RangeError', () =>
    farmed(async ({ pool }) => {
      const most = 2 ** 24;
      expect(await pool.run(targets.text, [most - 2])).toHaveLength(most - 2);
      const results = [pool.run(targets.text, [most - 1]), pool.run(targets.failAtLength, [most])];
      const errors = await Promise.all(results.map((job) => firstValueFrom<unknown>(job).catch((e) => e)));
      expect(errors[0]).toMatchObject({
        name: 'RangeError',
        message: `result must be at most ${most} bytes, encoded, got ${most + 1}`,
      });
      expect(errors[1]).toMatchObject({ name: 'RangeError' });
      expect((errors[1] as Error).message).toMatch(
        /^what was thrown must be at most 16777216 bytes.*: Error: x{100}/,
      );
    }));

  test('progress of more than 16 MiB is an error where it runs, and is left out', async () => {
    await farmed(async ({ pool, errors }) => {
      const told: unknown[] = [];
      await pool.run(targets.reportText, [2 ** 24], { onProgress: (value) => told.push(value) });
      expect(told).toEqual(['the next']);
      expect(errors.map(({ message }) => message)).toEqual([
        'progress must be at most 16777216 bytes, encoded, got 16777218',
      ]);
    }, {});
  });

  test('a long place is shown by its beginning and its end', () =>
    farmed(async ({ pool }) => {
      let value: unknown = 1;
      for (let level = 0; level < 2000; level++) value = [value];
      const error = await firstValueFrom(pool.run(targets.echo, [value])).catch((thrown) => thrown);
      expect(error.message).toMatch(
        /^args(\[0\]){4}…(\[0\]){4} would not travel as JSON, as it nests deeper than 500 levels/,
      );
    }));

  test('a property that is undefined is left out', () =>
    farmed(async ({ pool }) => {
      expect(await pool.run(targets.echo, [{ a: undefined, b: 1 }])).toEqual({ b: 1 });
    }));

  test("a codec of the user's carries what JSON does not", () => {
    const codec = {
      encode: (value: unknown) =>
        JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? { big: `${one}` } : one)),
      decode: (text: string) =>
        JSON.parse(text, (_, one) => (typeof one === 'object' && one?.big ? BigInt(one.big) : one)),
    };
    return farmed(
      async ({ pool }) => {
        expect(await pool.run(targets.echo, [7n])).toBe(7n);
      },
      { codec },
    );
  });

  test('a codec that makes anything else of the arguments than an array is a TypeError', () => {
    const codec = { encode: (value: unknown) => JSON.stringify(value), decode: () => 7 };
    return farmed(
      async ({ pool }) => {
        const error = await firstValueFrom(pool.run(targets.echo, [1])).catch((thrown) => thrown);
        expect(error).toBeInstanceOf(TypeError);
        expect(error.message).toBe('codec.decode must give an array for the arguments, got 7');
      },
      { codec },
    );
  });

  test('a codec that makes of them what no thread can be sent is a TypeError that names its place', () => {
    const encode = (value: unknown) => JSON.stringify(value);
    const decode = (text: string) => JSON.parse(text, (_, one) => (one === 'f' ? () => one : one));
    return farmed(
      async ({ pool }) => {
        for (const job of [pool.run(targets.echo, [{ a: 'f' }]), pool.stream(targets.echo, [{ a: 'f' }])]) {
          const error = await firstValueFrom<unknown>(job).catch((thrown) => thrown);
          expect(error).toBeInstanceOf(TypeError);
          expect(error).toMatchObject({
            message: 'codec.decode must give what can be sent to a thread: args[0].a is a function',
          });
        }
        const fails = firstValueFrom<unknown>(pool.run(targets.fail, ['args[2] is bad'])).catch(
          (thrown) => thrown,
        );
        expect(await fails).toMatchObject({ name: 'RangeError', message: 'args[2] is bad' });
      },
      { codec: { encode, decode } },
    );
  });

  test('any text that a codec gives arrives, also beside that of other jobs', () => {
    const codec = {
      encode: (value: unknown) => `\0 7 \n😀${JSON.stringify(value)}`,
      decode: (text: string) => JSON.parse(text.slice(text.indexOf('😀') + 2)),
    };
    return farmed(
      async ({ pool }) => {
        const told: unknown[] = [];
        const all = Array.from({ length: 20 }, (_, n) => firstValueFrom(pool.run(targets.add, [n, 1])));
        const onProgress = (value: unknown) => told.push(value);
        expect(await pool.run(targets.report, [20], { onProgress })).toBe(20);
        expect(await Promise.all(all)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
        expect(told).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
      },
      { codec },
    );
  });

  test('progress that a codec cannot read ends the job with that error', () => {
    const codec = {
      encode: (value: unknown) => JSON.stringify(value),
      decode: (text: string) => {
        if (text === '"unreadable"') throw new RangeError('cannot read it');
        return JSON.parse(text);
      },
    };
    return farmed(
      async ({ pool }) => {
        const job = firstValueFrom(
          pool.run(targets.reportAndWait, ['un' + 'readable'], { onProgress: () => {} }),
        );
        await expect(job).rejects.toThrow('cannot read it');
        await until(async () => (await counts(pool)).active === 0);
      },
      { codec },
    );
  });

  test('a function is a TypeError at the call', () =>
    farmed(async ({ pool }) => {
      const inline = ((n: number) => n) as never;
      expect(() => pool.run(inline, [1])).toThrow(/^target must be an export of a module/);
    }));
});
