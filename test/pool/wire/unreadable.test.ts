import { concat, filter, firstValueFrom, lastValueFrom, of, toArray } from 'rxjs';
import { runInThread, Thread, ThreadPool, threadMap, threadModule, threadPipe } from 'rxjs-threading';
import { afterAll, describe, expect, it } from 'vitest';
import { failure } from '../../support/outcomes.js';

const targets = threadModule<typeof import('../../fixtures/odd-targets.js')>(
  new URL('../../fixtures/odd-targets.js', import.meta.url),
);
const pool = new ThreadPool({ maxThreads: 2 });
afterAll(() => pool.close());

/** A worker has stack enough to send this, and main has too little to read it. */
const DEEP = 2500;

describe('a value that its thread can send and this one cannot read', () => {
  it('is the error of a job, and the pool goes on', async () => {
    const error = await failure(pool.run(targets.nested, [DEEP]));
    expect(error).toMatchObject({ name: 'ThreadError', code: 'ERR_CLONE' });
    expect(error.message).toMatch(
      /a value of thread 'Thread-\d+ \(nested\)' cannot be read here.*nests too deep/,
    );
    expect(await pool.run(targets.nested, [1])).toEqual({ l: 1 });
    expect(await pool.run(targets.nested, [1])).toEqual({ l: 1 });
    await firstValueFrom(pool.stats$.pipe(filter(({ busy }) => busy === 0)));
  });

  it('is the error of a thread, of its output$ and of runInThread', async () => {
    const thread = new Thread({ target: targets.nested, args: [DEEP] }).start();
    const [result, output] = await Promise.all([
      failure(thread.result()),
      failure(lastValueFrom(thread.output$)),
    ]);
    expect(result.code).toBe('ERR_CLONE');
    expect(output).toBe(result);
    expect(await thread.join()).toBe(true);
    expect((await failure(lastValueFrom(runInThread(targets.nested, [DEEP])))).code).toBe('ERR_CLONE');
  });

  it('does not keep a joinSync from returning', async () => {
    const thread = new Thread({ target: targets.nested, args: [DEEP] }).start();
    expect(thread.joinSync()).toBe(true);
    expect((await failure(thread.result())).code).toBe('ERR_CLONE');
  });

  it('ends a stream with the values that came before it, and not as if there were no others', async () => {
    const came: unknown[] = [];
    const error = await new Promise<Error>((resolve, reject) => {
      new Thread({ target: targets.nestedSecond, args: [DEEP] }).start().output$.subscribe({
        next: (value) => came.push(value),
        error: resolve,
        complete: () => reject(new Error('completed')),
      });
    });
    expect(error).toMatchObject({ code: 'ERR_CLONE' });
    expect(error.message).toMatch(/after the first 1: it nests too deep/);
    expect(came).toEqual(['first']);
  });

  it('is the error of the thread that reports it as its progress', async () => {
    expect((await failure(pool.run(targets.reportNested, [DEEP], { onProgress: () => {} }))).code).toBe(
      'ERR_CLONE',
    );
  });

  it('fails threadMap as that value, after the results before it', async () => {
    for (const batch of [1, 3]) {
      const came: unknown[] = [];
      const error = await new Promise<Error>((resolve, reject) => {
        concat(of(1), of(DEEP), of(1))
          .pipe(threadMap(targets.nested, { pool, batch }))
          .subscribe({
            next: (value) => came.push(value),
            error: resolve,
            complete: () => reject(new Error('completed')),
          });
      });
      expect(error).toMatchObject({ code: 'ERR_CLONE', cause: { index: 1, value: DEEP } });
      expect(came).toEqual([{ l: 1 }]);
    }
    expect(await pool.run(targets.nested, [1])).toEqual({ l: 1 });
  });

  it('fails threadPipe, whatever comes after it', async () => {
    const error = await failure(lastValueFrom(of(1, DEEP, 1).pipe(threadPipe(targets.nestEach), toArray())));
    expect(error.code).toBe('ERR_CLONE');
  });

  it('is an error for whoever asks from another thread, too', async () => {
    const starter = new Thread({ target: targets.startNested, args: [DEEP] }).start();
    const inner = (await starter.result()) as Thread;
    expect((await failure(inner.result({ timeout: 5000 }))).code).toBe('ERR_CLONE');
  });
});

describe('arguments with a stream that a thread can send and its worker cannot read', () => {
  it('are the error of the job, and the pool goes on', async () => {
    const [error, next] = await pool.run(targets.sendNestedInLine, [5000]);
    expect(error).toMatchObject({ name: 'ThreadError', code: 'ERR_CLONE' });
    expect(error.message).toMatch(/arguments of the thread cannot be read in its worker: it nests too deep/);
    expect(next).toBe('goes on');
  });
});

describe('arguments that a thread can send and the worker of another cannot read', () => {
  it("are the error of that one, and its worker is the next one's", async () => {
    const { errors, workers } = await lastValueFrom(runInThread(targets.startWithNested, [5000]));
    for (const error of errors) {
      expect(error).toMatchObject({ name: 'ThreadError', code: 'ERR_CLONE' });
      expect(error.message).toMatch(
        /arguments of the thread cannot be read in its worker: it nests too deep/,
      );
    }
    expect(errors).toHaveLength(3);
    expect(workers).toBe(1);
  });

  it("leave its worker the next one's where that one was withdrawn", async () => {
    expect(await lastValueFrom(runInThread(targets.withdrawNested, [5000]))).toBe(1);
  });
});
