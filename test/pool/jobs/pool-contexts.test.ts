import { AsyncLocalStorage } from 'node:async_hooks';
import { jobContext, ThreadPool, threadModule } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';

const { traced } = threadModule<typeof import('../../fixtures/job-contexts.js')>(
  new URL('../../fixtures/job-contexts.js', import.meta.url),
);

describe('contexts', () => {
  it('travel with each job as they are where it is subscribed to, and stay its own', async () => {
    const trace = new AsyncLocalStorage<string>();
    const user = new AsyncLocalStorage<{ name: string }>();
    await using pool = new ThreadPool({ maxThreads: 2, contexts: { trace, user } });
    const runs = Array.from({ length: 20 }, (_, n) =>
      trace.run(`request ${n}`, () =>
        user.run({ name: `user ${n}` }, () => pool.run(traced, ['trace', 'user']).then((r) => r)),
      ),
    );
    for (const [n, run] of runs.entries()) {
      const stores = [`request ${n}`, { name: `user ${n}` }];
      expect(await run).toEqual({ before: stores, after: stores });
    }
    // A worker keeps none for a job that comes without.
    expect(await pool.run(traced, ['trace', 'toString'])).toEqual({
      before: [undefined, undefined],
      after: [undefined, undefined],
    });
    expect(jobContext('trace')).toBeUndefined();
  });

  it('are copies, with what of them can be cloned', async () => {
    const request = new AsyncLocalStorage<unknown>();
    await using pool = new ThreadPool({ maxThreads: 1, contexts: { request } });
    const store = { id: 7, log: () => {}, tags: ['a'] };
    const run = request.run(store, () => pool.run(traced, ['request']).then((r) => r));
    store.tags.push('later');
    expect((await run).before).toEqual([{ id: 7, tags: ['a'] }]);
    const hidden = request.run(
      () => 1,
      () => pool.run(traced, ['request']).then((r) => r),
    );
    expect((await hidden).before).toEqual([undefined]);
  });

  it('whose getter throws are without it, and the job runs', async () => {
    const request = new AsyncLocalStorage<unknown>();
    await using pool = new ThreadPool({ maxThreads: 1, contexts: { request } });
    const store = {
      id: 7,
      get body() {
        throw new Error('the request has ended');
      },
    };
    const run = request.run(store, () => pool.run(traced, ['request']).then((r) => r));
    expect((await run).before).toEqual([{ id: 7 }]);
  });

  it('go with jobs that wait in line, and those of a broadcast', async () => {
    const trace = new AsyncLocalStorage<number>();
    await using pool = new ThreadPool({ minThreads: 1, maxThreads: 1, contexts: { trace } });
    const runs = trace.run(1, () =>
      Array.from({ length: 100 }, () => pool.run(traced, ['trace']).then((r) => r)),
    );
    for (const { after } of await Promise.all(runs)) expect(after).toEqual([1]);
    const [told] = await trace.run(2, () => pool.broadcast(traced, ['trace']).then((r) => r));
    expect(told?.after).toEqual([2]);
  });

  it.each([
    [[], 'contexts must be an object of AsyncLocalStorages, got []'],
    [{ trace: 1 }, 'contexts.trace must be an AsyncLocalStorage, got 1'],
    [{ trace: null }, 'contexts.trace must be an AsyncLocalStorage, got null'],
  ])('%j is refused', (contexts, message) => {
    expect(() => new ThreadPool({ contexts } as object)).toThrow(new TypeError(message));
  });
});
