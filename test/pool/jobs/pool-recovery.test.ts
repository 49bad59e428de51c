import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { Observable, take, toArray } from 'rxjs';
import {
  Event,
  type PoolWorker,
  setExcepthook,
  Thread,
  ThreadPool,
  type ThreadPoolOptions,
  threadMap,
  threadModule,
  transfer,
} from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anySeed, random, sleep } from '../../support/random.js';
import { untilWithin } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);
const identity = (n: number): number => n;
const HANGS = ['--import', 'data:text/javascript,for(;;);'];

/** For workers that start until `letGo` is called: those that did before hang, or else come up then. */
function startsUntil(hang: boolean): { execArgv: string[]; letGo: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'hangs-'));
  const flag = join(folder, 'flag');
  writeFileSync(flag, '');
  const isThere = `existsSync('${flag}')`;
  const start = `import { existsSync } from 'node:fs'; ${hang ? `if (${isThere}) for (;;)` : `while (${isThere})`};`;
  return {
    execArgv: ['--import', `data:text/javascript,${encodeURIComponent(start)}`],
    letGo: () => rmSync(folder, { recursive: true }),
  };
}

const unheard: unknown[] = [];
beforeEach(() => {
  unheard.length = 0;
  setExcepthook(({ error }) => unheard.push(error));
});
afterEach(() => setExcepthook(null));

/** Ways to lose the worker of one job; each resolves with how the job ended. */
const DEATHS: Record<string, (pool: ThreadPool) => Promise<unknown>> = {
  exit: (pool) => code(pool.run(() => process.exit(1))),
  crash: (pool) => code(pool.run(jobs.storm, ['crash', 0])),
  'late crash': (pool) =>
    code(
      pool.run(() => {
        setTimeout(() => {
          throw new Error('late');
        }, 30);
        return new Promise(() => {});
      }),
    ),
  terminate: async (pool) => {
    const begun = new Event();
    const thread = new Thread({ target: jobs.spin, args: [begun], pool }).start();
    const end = code(thread.result());
    await begun.wait();
    await thread.terminate();
    return end;
  },
  unsubscribe: async (pool) => {
    const begun = new Event();
    const subscription = pool.run(jobs.spin, [begun], { grace: 20 }).subscribe();
    await begun.wait();
    subscription.unsubscribe();
    return 'ERR_THREAD_DIED';
  },
};

function code(job: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(job).then(
    (value) => value,
    ({ code, name }) => (typeof code === 'string' ? code : name),
  );
}

function never(): Promise<unknown> {
  return sleep(15_000).then(() => 'never');
}

describe('a pool whose workers die', () => {
  const seed = anySeed();

  it.each<[string, ThreadPoolOptions[]]>([
    ['one worker', [{ maxThreads: 1 }, { maxThreads: 1, minThreads: 0 }]],
    ['several', [{ maxThreads: 2, minThreads: 2 }, { maxThreads: 2 }]],
  ])(
    `goes on, whenever the next job comes: %s, seed ${seed}`,
    async (_, ofPools) => {
      const next = random(seed);
      const pools = ofPools.flatMap((options) => Object.values(DEATHS).map((die) => ({ options, die })));
      await Promise.all(pools.map(({ options, die }) => dieTwice(options, die, next)));
      // As the errors of their jobs, and not a second time.
      expect(unheard).toEqual([]);
    },
    60_000,
  );

  async function dieTwice(
    options: ThreadPoolOptions,
    die: (pool: ThreadPool) => Promise<unknown>,
    next: () => number,
  ): Promise<void> {
    const pool = new ThreadPool(options);
    const { maxThreads = 1 } = options;
    const each = Array.from({ length: maxThreads }, (_, n) => n);
    for (let round = 0; round < 2; round++) {
      const ends = await Promise.all(each.map(() => die(pool)));
      expect(ends).toEqual(each.map(() => 'ERR_THREAD_DIED'));
      const pause = next() < 0.2 ? 0 : next() * 2000;
      await sleep(pause);
      const jobs = each.map((n) => Promise.race([code(pool.run(identity, [n])), never()]));
      expect(await Promise.all(jobs), `after ${pause} ms`).toEqual(each);
    }
    await pool.close();
    expect(pool.stats).toMatchObject({ threads: 0, busy: 0, queued: 0 });
  }
});

describe('a job that is asked to go, in a worker that cannot hear of it', () => {
  it.each([0, 1])('because it hangs as it starts, gives its place back: %i kept', async (minThreads) => {
    const pool = new ThreadPool({ maxThreads: 1, minThreads, execArgv: HANGS });
    const job = pool.run(identity, [1], { signal: AbortSignal.timeout(50), grace: 100 });
    expect(await code(job)).toBe('TimeoutError');
    await untilWithin(5000, () => pool.stats.busy === 0);
    expect(pool.stats).toMatchObject({ cancelled: 1, queued: 0 });
    await pool.close();
    expect(pool.stats.threads).toBe(0);
  });

  it.each([0, 1])('because it hangs as it starts, leaves the pool to others: %i kept', async (minThreads) => {
    const { execArgv, letGo } = startsUntil(true);
    const pool = new ThreadPool({ maxThreads: 1, minThreads, execArgv });
    const left = pool.run(identity, [1], { grace: 50 }).subscribe();
    await sleep(1000);
    letGo();
    left.unsubscribe();
    expect(await Promise.race([code(pool.run(identity, [2])), never()])).toBe(2);
    await pool.close();
  });

  it('because it comes up slowly, takes nothing with it that has moved there since', async () => {
    const { execArgv, letGo } = startsUntil(false);
    const pool = new ThreadPool({ maxThreads: 1, execArgv });
    pool.run(identity, [1], { grace: 0 }).subscribe().unsubscribe();
    const size = (bytes: Uint8Array): number => bytes.length;
    const moved = code(pool.run(size, [transfer(new Uint8Array(3))]));
    await sleep(1000);
    letGo();
    expect(await Promise.race([moved, never()])).toBe(3);
    await pool.close();
  });

  it('has its worker killed, though no other worker is left meanwhile and no other job comes', async () => {
    const pool = new ThreadPool({ maxThreads: 2, minThreads: 1, idleTimeout: 500 });
    await pool.warmUp();
    const hangs = (): number => {
      const hang = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      void Promise.resolve().then(hang);
      return process.getBuiltinModule('node:worker_threads').threadId;
    };
    const id = await pool.run(hangs);
    const hung = (pool.piscina.threads as Worker[]).find(({ threadId }) => threadId === id) as Worker;
    const gone = once(hung, 'exit');
    // Some go to the worker that hangs, and from there to the other.
    const many = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(await Promise.all(many.map((n) => code(pool.run(identity, [n]))))).toEqual(many);
    await untilWithin(5000, () => pool.stats.threads === 1);
    expect(hung.threadId).toBe(id);
    expect(await Promise.race([gone.then(() => 'gone'), never()])).toBe('gone');
    expect(unheard).toHaveLength(1);
    unheard.length = 0;
    await pool.close();
  });

  it('has its worker killed, which gets no other job meanwhile: what moves would be lost with it', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    await pool.run(
      () =>
        void Promise.resolve().then(() => {
          for (;;);
        }),
    );
    const [worker] = pool.piscina.threads as [PoolWorker];
    const kill = worker.terminate.bind(worker);
    const bytes = new ArrayBuffer(8);
    const size = new Promise((resolve) => {
      worker.terminate = () => {
        queueMicrotask(() =>
          resolve(
            code(pool.run(({ byteLength }: ArrayBuffer) => byteLength, [bytes], { transferList: [bytes] })),
          ),
        );
        return kill();
      };
    });
    pool.run(identity, [1], { grace: 0 }).subscribe().unsubscribe();
    expect(await Promise.race([size, never()])).toBe(8);
    await pool.close();
  });

  it.each(['abort', 'unsubscribe', 'terminate'])(
    'because an earlier job has left behind what hangs, frees it: %s',
    async (how) => {
      const pool = new ThreadPool({ maxThreads: 1 });
      const hung = new Event();
      // There to stay after a second, and only then does it hang.
      await pool.run(jobs.leaveTimer, [1200, 'hang', hung]);
      await hung.wait();
      const [worker] = pool.piscina.threads;
      const abort = new AbortController();
      if (how === 'terminate') {
        const thread = new Thread({ target: identity, args: [1], pool }).start();
        const end = code(thread.result());
        await thread.terminate();
        expect(await end).toBe('ERR_THREAD_DIED');
      } else {
        const job = pool.run(identity, [1], { signal: abort.signal, grace: 50 });
        const subscription = job.subscribe({ error: () => {} });
        if (how === 'abort') abort.abort();
        else subscription.unsubscribe();
      }
      expect(await Promise.race([code(pool.run(identity, [2])), never()])).toBe(2);
      expect(pool.piscina.threads).not.toContain(worker);
      expect(pool.stats).toMatchObject({ completed: 2, cancelled: 1, failed: 0 });
      await pool.close();
      expect(unheard).toEqual([]);
    },
  );
});

describe('what a job has left behind and what hangs its worker', () => {
  it('is killed and told of, so that others get their turn and the pool can close', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const hung = new Event();
    await pool.run(jobs.leaveTimer, [10, 'hang', hung]);
    await hung.wait();
    expect(pool.stats.busy).toBe(1);
    expect(await pool.run(identity, [2])).toBe(2);
    expect(unheard).toMatchObject([{ code: 'ERR_THREAD_DIED', message: /left behind blocks its worker/ }]);
    await pool.close();
  });
});

describe('a job whose end has been told', () => {
  it('has given its place back: one after the other, on a pool without a queue', async () => {
    const pool = new ThreadPool({ maxThreads: 1, maxQueue: 0 });
    const fails = (): never => {
      throw new Error('no');
    };
    for (let n = 0; n < 20; n++) {
      expect(await pool.run(identity, [n])).toBe(n);
      await expect(pool.run(fails).then()).rejects.toThrow('no');
      expect(await new Thread({ target: identity, args: [n], pool }).start().result()).toBe(n);
    }
    // Those that have printed something, left something behind, exited, or been aborted too.
    await pool.run(() => console.log());
    await pool.run(jobs.leaveTimer, [20, 'nothing']);
    expect(await code(pool.run(() => process.exit(1)))).toBe('ERR_THREAD_DIED');
    const spinning = pool.run(jobs.spin, [new Event()], { signal: AbortSignal.timeout(300), grace: 10 });
    expect(await code(spinning)).toBe('TimeoutError');
    expect(await pool.run(identity, [7])).toBe(7);
    expect(
      await code(pool.run(jobs.stoppable, [new Event(), new Event()], { signal: AbortSignal.timeout(100) })),
    ).toBe('TimeoutError');
    expect(await pool.run(identity, [8])).toBe(8);
    await pool.close();
  });

  it('has no second job begin beside it, and none accepted beyond the queue', async () => {
    const pool = new ThreadPool({ maxThreads: 1, maxQueue: 0 });
    await pool.run(jobs.leaveTimer, [300, 'nothing']);
    const next = pool.run(identity, [1]).then((value) => value);
    expect(pool.stats).toMatchObject({ busy: 1, queued: 1 });
    expect(await code(pool.run(identity, [2]))).toBe('ERR_POOL');
    expect(await next).toBe(1);
    await pool.close();
  });

  it('leaves its worker to the next at once, even while the event loop does not turn', async () => {
    const pool = new ThreadPool({ maxThreads: 2 });
    await pool.run(() => console.log());
    let emitted = 0;
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed && emitted < 20_000_000) subscriber.next(emitted++);
    });
    const first = await new Promise((resolve, reject) =>
      endless
        .pipe(threadMap(identity, { pool }), take(3), toArray())
        .subscribe({ next: resolve, error: reject }),
    );
    expect(first).toEqual([0, 1, 2]);
    expect(emitted).toBeLessThan(20_000_000);
    await pool.close();
  });

  it('costs no second worker where one is enough', async () => {
    const pool = new ThreadPool({ maxThreads: 4 });
    for (let n = 0; n < 50; n++) expect(await pool.run(identity, [n])).toBe(n);
    expect(pool.stats.threads).toBe(1);
    await pool.close();
  });
});
