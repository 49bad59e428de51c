import { concat, lastValueFrom, of, toArray } from 'rxjs';
import { runInThread, Thread, ThreadPool, threadMap, threadPipe } from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';

const pool = new ThreadPool({ maxThreads: 2 });
afterAll(() => pool.close());

/** A worker has stack enough to send this, and main has too little to read it. */
const DEEP = 2500;
const make = (levels: number): unknown => {
  let value: unknown = levels;
  for (let level = 0; level < levels; level++) value = { l: value };
  return value;
};
const makeEach = function* (levels: readonly number[]): Generator<unknown> {
  for (const one of levels) {
    let value: unknown = one;
    for (let level = 0; level < one; level++) value = { l: value };
    yield value;
  }
};
const failure = (started: unknown): Promise<Error & { code?: string }> =>
  (started as Promise<unknown>).then(
    (value) => expect.fail(`no error, but ${String(value)}`),
    (error) => error,
  );

describe('a value that its thread can send and this one cannot read', () => {
  it('is the error of a job, and the pool goes on', async () => {
    const error = await failure(pool.run(make, [DEEP]));
    expect(error).toMatchObject({ name: 'ThreadError', code: 'ERR_CLONE' });
    expect(error.message).toMatch(/a value of thread '.*make.*' cannot be read here.*nests too deep/);
    expect(await pool.run(make, [1])).toEqual({ l: 1 });
    expect(await pool.run(make, [1])).toEqual({ l: 1 });
    expect(pool.stats).toMatchObject({ busy: 0, queued: 0 });
  });

  it('is the error of a thread, of its output$ and of runInThread', async () => {
    const thread = new Thread({ target: make, args: [DEEP] }).start();
    const [result, output] = await Promise.all([
      failure(thread.result()),
      failure(lastValueFrom(thread.output$)),
    ]);
    expect(result.code).toBe('ERR_CLONE');
    expect(output).toBe(result);
    expect(await thread.join()).toBe(true);
    expect((await failure(lastValueFrom(runInThread(make, [DEEP])))).code).toBe('ERR_CLONE');
  });

  it('does not keep a joinSync from returning', async () => {
    const thread = new Thread({ target: make, args: [DEEP] }).start();
    expect(thread.joinSync()).toBe(true);
    expect((await failure(thread.result())).code).toBe('ERR_CLONE');
  });

  it('ends a stream with the values that came before it, and not as if there were no others', async () => {
    const target = async function* (): AsyncGenerator<unknown> {
      const { setTimeout } = await import('node:timers/promises');
      yield 'first';
      await setTimeout(20);
      let value: unknown = 1;
      for (let level = 0; level < 2500; level++) value = { l: value };
      yield value;
      await setTimeout(20);
      for (;;) yield 'later';
    };
    const came: unknown[] = [];
    const error = await new Promise<Error>((resolve, reject) => {
      new Thread({ target }).start().output$.subscribe({
        next: (value) => came.push(value),
        error: resolve,
        complete: () => reject(new Error('completed')),
      });
    });
    expect(error).toMatchObject({ code: 'ERR_CLONE' });
    expect(error.message).toMatch(/after the first 1: it nests too deep/);
    expect(came).toEqual(['first']);
    const all = new Thread({ target: makeEach, args: [[1, DEEP, 1]] }).start();
    expect((await failure(lastValueFrom(all.output$.pipe(toArray())))).code).toBe('ERR_CLONE');
  });

  it('is the error of the thread that reports it as its progress', async () => {
    const target = async (): Promise<number> => {
      const { reportProgress } = await import('rxjs-threading');
      let value: unknown = 1;
      for (let level = 0; level < 2500; level++) value = { l: value };
      reportProgress(value);
      return 5;
    };
    expect((await failure(pool.run(target, [], { onProgress: () => {} }))).code).toBe('ERR_CLONE');
  });

  it('fails threadMap as that value, after the results before it', async () => {
    for (const batch of [1, 3]) {
      const came: unknown[] = [];
      const error = await new Promise<Error>((resolve, reject) => {
        concat(of(1), of(DEEP), of(1))
          .pipe(threadMap(make, { pool, batch }))
          .subscribe({
            next: (value) => came.push(value),
            error: resolve,
            complete: () => reject(new Error('completed')),
          });
      });
      expect(error).toMatchObject({ code: 'ERR_CLONE', cause: { index: 1, value: DEEP } });
      expect(came).toEqual([{ l: 1 }]);
    }
    expect(await pool.run(make, [1])).toEqual({ l: 1 });
  });

  it('fails threadPipe, whatever comes after it', async () => {
    const error = await failure(
      lastValueFrom(
        of(1, DEEP, 1).pipe(
          threadPipe(async (source) => {
            const { map } = await import('rxjs');
            return source.pipe(
              map((levels) => {
                let value: unknown = levels;
                for (let level = 0; level < levels; level++) value = { l: value };
                return value;
              }),
            );
          }),
          toArray(),
        ),
      ),
    );
    expect(error.code).toBe('ERR_CLONE');
  });

  it('is an error for whoever asks from another thread, too', async () => {
    const starter = new Thread({
      target: async () => {
        const { Thread } = await import('rxjs-threading');
        const inner = new Thread({
          target: () => {
            let value: unknown = 1;
            for (let level = 0; level < 2500; level++) value = { l: value };
            return value;
          },
        }).start();
        await inner.join();
        return inner;
      },
    }).start();
    const inner = (await starter.result()) as Thread;
    expect((await failure(inner.result({ timeout: 5000 }))).code).toBe('ERR_CLONE');
  });
});
