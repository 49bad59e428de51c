import { Event, Thread, ThreadPool, threadModule } from 'rxjs-threading';
import { expect, it } from 'vitest';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);

it('a Thread that waits in a worker that is killed is alive all the time, and runs in the next one', async () => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  for (let round = 0; round < 3; round++) {
    const begun = new Event();
    const abort = new AbortController();
    const spinning = pool.run(jobs.spin, [begun], { signal: abort.signal, grace: 0 }).then(() => {});
    await begun.wait();
    const behind = new Thread({ target: (n: number) => n * 2, args: [21], pool }).start();
    // Those that wait in a worker are sent there in a microtask.
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort(new Error('enough'));
    await expect(spinning).rejects.toThrow('enough');
    expect(behind.isAlive()).toBe(true);
    expect(await behind.result()).toBe(42);
  }
});
