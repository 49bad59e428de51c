import { lastValueFrom, map, type Observable, of, range, toArray } from 'rxjs';
import { Thread, ThreadPool, threadMap, threadPipe } from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';

const pool = new ThreadPool({ maxThreads: 1 });
afterAll(() => pool.close());

const COUNT = 3000;
const inOrder = Array.from({ length: COUNT }, (_, n) => n);

/** One object that is given again and again, and how a number is written into it and read. */
const reused: Record<string, string> = {
  'a plain object': '({ one: { n: 0 }, write: (one, n) => { one.n = n; }, read: (one) => one.n })',
  'an object in an array':
    '({ one: [{ n: 0 }], write: (one, n) => { one[0].n = n; }, read: (one) => one[0].n })',
  'a typed array':
    '({ one: new Float64Array(1), write: (one, n) => { one[0] = n; }, read: (one) => one[0] })',
  'a Map': "({ one: new Map(), write: (one, n) => { one.set('n', n); }, read: (one) => one.get('n') })",
  'an instance':
    '({ one: new (class Row { n = 0; })(), write: (one, n) => { one.n = n; }, read: (one) => one.n })',
};
interface Reused {
  readonly one: object;
  readonly write: (one: object, n: number) => void;
  readonly read: (one: object) => number;
}

const read = (kind: string, values$: Observable<unknown>): Promise<number[]> => {
  const { read } = new Function(`return ${reused[kind]}`)() as Reused;
  return lastValueFrom(
    values$.pipe(
      map((value) => read(value as object)),
      toArray(),
    ),
  );
};

describe('a value that its thread changes after it has given it', () => {
  for (const [kind, code] of Object.entries(reused)) {
    const targets = {
      'a generator': `(code, count) => { const { one, write } = new Function('return ' + code)(); return (function* () { for (let n = 0; n < count; n++) { write(one, n); yield one; } })(); }`,
      'an async generator': `(code, count) => { const { one, write } = new Function('return ' + code)(); return (async function* () { for (let n = 0; n < count; n++) { write(one, n); yield one; } })(); }`,
    };
    it.each(Object.entries(targets))(`comes out of %s as it was then: ${kind}`, async (_, source) => {
      const target = new Function(`return ${source}`)();
      const thread = new Thread<unknown>({ target, args: [code, COUNT] }).start();
      expect(await read(kind, thread.output$)).toEqual(inOrder);
    });

    it.each([
      ['plain', '(n) => { HERE; write(one, n); return one; }'],
      ['asynchronous', 'async (n) => { HERE; write(one, n); return one; }'],
    ])(`is a result of threadMap as it was then, %s: ${kind}`, async (_, source) => {
      const here = `const { one, write } = (globalThis.reused ??= {})[${JSON.stringify(kind)}] ??= ${code}`;
      const target = new Function(`return ${source.replace('HERE', here)}`)();
      expect(await read(kind, range(0, COUNT).pipe(threadMap(target, { pool })))).toEqual(inOrder);
    });

    it(`goes into a threadPipe and comes out of it as it was then: ${kind}`, async () => {
      const { one, write } = new Function(`return ${code}`)() as Reused;
      const numbers = range(0, COUNT).pipe(
        map((n) => {
          write(one, n);
          return one;
        }),
      );
      const again = new Function(
        `return async (source) => { const { map } = await import('rxjs'); const { one, write, read } = ${code}; return source.pipe(map((value) => { write(one, read(value)); return one; })); }`,
      )();
      expect(await read(kind, numbers.pipe(threadPipe(again)))).toEqual(inOrder);
    });
  }

  it('is what a stream of threadMap has sent, as it was then', async () => {
    const target = function* () {
      const one = { n: 0 };
      for (let n = 0; n < 3000; n++) {
        one.n = n;
        yield one;
      }
    };
    expect(await read('a plain object', of(0).pipe(threadMap(target, { pool })))).toEqual(inOrder);
  });

  it.each(['a generator', 'an Observable'])(
    'of %s, nothing comes that follows what cannot be sent',
    async (kind) => {
      const target = async (kind: string) => {
        const { from } = await import('rxjs');
        const values = (function* () {
          for (let n = 0; n < 10; n++) yield n === 5 ? { date: new Date(), not: () => n } : { n };
        })();
        return kind === 'a generator' ? values : from(values);
      };
      const thread = new Thread<unknown>({ target, args: [kind] }).start();
      const seen: unknown[] = [];
      const failed = new Promise((resolve) => {
        thread.output$.subscribe({ next: (value) => seen.push(value), error: resolve });
      });
      expect(await failed).toMatchObject({
        code: 'ERR_CLONE',
        message: expect.stringContaining('output[5]'),
      });
      expect(seen).toEqual([0, 1, 2, 3, 4].map((n) => ({ n })));
    },
  );
});
