import { Event, excepthook$, Semaphore, ThreadPool, threadModule, workerContext } from 'rxjs-threading';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/turns.js';

const life = threadModule<typeof import('../../fixtures/worker-life.js')>(
  new URL('../../fixtures/worker-life.js', import.meta.url),
);
const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);

const IGNORES =
  "data:text/javascript,for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, () => {})";

interface Counted {
  worker: number;
  jobs: number;
  same: boolean;
}
const all = <T>(runs: PromiseLike<T>[]): Promise<T[]> =>
  Promise.all(runs.map((run) => run.then((value) => value)));

describe('setup', () => {
  it('runs once in each worker, and what it gives is there for every job', async () => {
    await using pool = new ThreadPool({ maxThreads: 2, setup: life.setup });
    const counted = (await all(Array.from({ length: 40 }, () => pool.run(life.count)))) as Counted[];
    expect(counted.every(({ same }) => same)).toBe(true);
    for (const worker of new Set(counted.map((each) => each.worker))) {
      const counts = counted.filter((each) => each.worker === worker).map((each) => each.jobs);
      expect(counts.sort((a, b) => a - b)).toEqual(counts.map((_, n) => n + 1));
    }
    expect(workerContext()).toBeUndefined();
  });

  it('that fails fails the job that waits for the worker, and says why', async () => {
    const pool = new ThreadPool({ maxThreads: 1, setup: life.failingSetup });
    for (let n = 0; n < 2; n++)
      await expect(pool.run(life.whoami).then(() => {})).rejects.toMatchObject({
        code: 'ERR_THREAD_DIED',
        message: expect.stringMatching(
          /died before it began: .*setup of a worker failed: RangeError: no database/,
        ),
      });
    await expect(pool.warmUp().then(() => {})).rejects.toThrow('no database');
    expect(pool.stats).toMatchObject({ failed: 2, queued: 0, busy: 0 });
    await pool.close();
  });

  it.each([
    ['is only warned of', ['--unhandled-rejections=warn', '--no-warnings']],
    ['has a handler', ['--import', IGNORES]],
  ])('that fails, and so does teardown, where what nobody handles %s', async (_, execArgv) => {
    const pool = new ThreadPool({ maxThreads: 1, execArgv, setup: life.failingSetup });
    await expect(pool.run(life.whoami).then(() => {})).rejects.toThrow('no database');
    await pool.close();
    const told: unknown[] = [];
    const watching = excepthook$.subscribe(({ error }) => told.push(error));
    const other = new ThreadPool({ maxThreads: 1, execArgv, teardown: life.failingTeardown });
    await other.run(life.whoami);
    await other.close();
    watching.unsubscribe();
    expect(told).toEqual([
      expect.objectContaining({ message: expect.stringContaining('RangeError: cannot go') }),
    ]);
  });

  it('that leaves something running does not hold up the jobs', async () => {
    await using pool = new ThreadPool({ maxThreads: 1, setup: life.setupThatStays });
    await pool.run(life.whoami);
    for (let n = 0; n < 5; n++) await pool.run(life.whoami);
    // Leftovers of a job would hold up the next one for a second each.
    expect(pool.stats.waitTime.p50).toBeLessThan(1000);
  });

  it('that takes long comes to its end, however often the job that waits for it is replaced by another', async () => {
    await using pool = new ThreadPool({ minThreads: 0, maxThreads: 1, setup: life.slowSetup });
    const workers = new Set<number>();
    let ran = 0;
    for (let n = 0; n < 20 || (ran === 0 && n < 400); n++) {
      const job = pool.run(life.whoami, [], { grace: 0 }).subscribe(() => ran++);
      await new Promise((resolve) => setTimeout(resolve, 50));
      for (const { threadId } of pool.piscina.threads) workers.add(threadId);
      job.unsubscribe();
    }
    expect(workers.size).toBe(1);
  });

  it('is not part of the first job: a job that is cancelled meanwhile never runs', async () => {
    await using pool = new ThreadPool({ maxThreads: 1, setup: life.setup });
    const ran = new Event();
    const gate = new Event();
    gate.set();
    pool.run(jobs.hold, [ran, gate]).subscribe().unsubscribe();
    expect(await pool.run(life.count)).toMatchObject({ jobs: 1 });
    expect(ran.isSet()).toBe(false);
  });
});

describe('teardown', () => {
  it.each(['teardown', 'slowTeardown'] as const)(
    '%s runs once in each worker when the pool is closed',
    async (name) => {
      const ends = new Semaphore(0);
      const pool = new ThreadPool({ minThreads: 3, maxThreads: 3, setup: life.setup, teardown: life[name] });
      await pool.warmUp();
      expect(new Set(await pool.broadcast(life.tell, [ends])).size).toBe(3);
      await pool.close();
      expect(ends.value).toBe(3);
    },
  );

  it('runs in a worker that was idle for long', async () => {
    const ends = new Semaphore(0);
    await using pool = new ThreadPool({
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: 10,
      setup: life.setup,
      teardown: life.teardown,
    });
    await pool.run(life.tell, [ends]);
    expect(await ends.acquire({ timeout: 10_000 })).toBe(true);
    await until(() => pool.stats.threads === 0);
    expect(await pool.run(life.count)).toMatchObject({ jobs: 1 });
  });

  it('that takes long does not cost the pool the workers that are kept', async () => {
    const [ends, begun] = [new Semaphore(0), new Semaphore(0)];
    const [over, first, second] = [new Event(), new Event(), new Event()];
    await using pool = new ThreadPool({
      minThreads: 1,
      maxThreads: 2,
      idleTimeout: 200,
      teardown: life.longTeardown,
    });
    const [one, other] = [first, second].map((gate) =>
      pool.run(life.tellAndHold, [ends, over, begun, gate]).then(),
    );
    for (let worker = 0; worker < 2; worker++) await begun.acquire();
    first.set();
    await one;
    await ends.acquire();
    second.set();
    await other;
    // The first one is still at it when this one has been idle for long.
    const both = await ends.acquire({ timeout: 600 });
    over.set();
    expect(both).toBe(false);
    await until(() => pool.stats.threads === 1);
  });

  it('that fails is told to the excepthook, and the pool closes', async () => {
    const told: unknown[] = [];
    const watching = excepthook$.subscribe(({ error }) => told.push(error));
    const ends = new Semaphore(0);
    const pool = new ThreadPool({ maxThreads: 1, teardown: life.failingTeardown });
    await pool.run(life.tell, [ends]);
    await pool.close();
    watching.unsubscribe();
    expect(ends.value).toBe(1);
    expect(told).toEqual([
      expect.objectContaining({ message: expect.stringContaining('RangeError: cannot go') }),
    ]);
  });

  it('does not run in a worker that is killed', async () => {
    const ends = new Semaphore(0);
    await using pool = new ThreadPool({ maxThreads: 1, teardown: life.teardown });
    await pool.run(life.tell, [ends]);
    const begun = new Event();
    const killed = pool.run(jobs.spin, [begun], { timeout: 20, grace: 0 }).then(() => {});
    await expect(killed).rejects.toMatchObject({ name: 'TimeoutError' });
    await pool.run(life.whoami);
    expect(ends.value).toBe(0);
  });
});

describe('broadcast', () => {
  it('runs in every worker once, also in those that are taken and those that are starting', async () => {
    await using pool = new ThreadPool({
      minThreads: 1,
      maxThreads: 3,
      idleTimeout: Number.POSITIVE_INFINITY,
    });
    const begun = new Event();
    const gate = new Event();
    const held = pool.run(jobs.hold, [begun, gate]).then((value) => value);
    await begun.wait();
    const others = all([pool.run(life.whoami), pool.run(life.whoami)]);
    const everywhere = pool.broadcast(life.whoami).then((value) => value);
    await others;
    gate.set();
    expect(new Set((await everywhere).map(({ worker }) => worker)).size).toBe(3);
    await held;
  });

  it('is over with the first error, and cancels the others', async () => {
    await using pool = new ThreadPool({ minThreads: 2, maxThreads: 2 });
    await pool.warmUp();
    const fails = (): never => {
      throw new RangeError('no');
    };
    await expect(pool.broadcast(fails).then(() => {})).rejects.toThrow('no');
    expect(await pool.run(life.whoami)).toBeDefined();
  });

  it('gives nothing where there is no worker, and refuses what can go to one alone', async () => {
    await using pool = new ThreadPool({ minThreads: 0, maxThreads: 2 });
    expect(await pool.broadcast(life.whoami)).toEqual([]);
    const moved = new ArrayBuffer(8);
    expect(() =>
      pool.broadcast((b: ArrayBuffer) => b.byteLength, [moved], { transferList: [moved] }),
    ).toThrow('broadcast takes no transferList');
    expect(moved.byteLength).toBe(8);
  });

  it('is refused once the pool is closed, as warmUp is', async () => {
    const pool = new ThreadPool({ maxThreads: 1, name: 'shut' });
    const cold = [pool.broadcast(life.whoami), pool.warmUp()];
    await pool.close();
    for (const wait of cold)
      await expect(wait.then(() => {})).rejects.toMatchObject({
        code: 'ERR_POOL',
        message: expect.stringContaining('shut is closed'),
      });
  });
});

describe('warmUp', () => {
  it('does not wait for a job of a worker that is up', async () => {
    await using pool = new ThreadPool({ minThreads: 1, maxThreads: 2, setup: life.setup });
    const begun = new Event();
    const gate = new Event();
    const held = pool.run(jobs.hold, [begun, gate]).then((value) => value);
    await begun.wait();
    expect(await pool.warmUp()).toBe(true);
    expect(pool.stats).toMatchObject({ threads: 2, busy: 1 });
    gate.set();
    expect(await held).toBe('held');
  });

  it('has all workers up, and counts as no job', async () => {
    // The first may be idle for long when the last comes up.
    await using pool = new ThreadPool({
      maxThreads: 3,
      idleTimeout: Number.POSITIVE_INFINITY,
      setup: life.setup,
    });
    expect(await pool.warmUp()).toBe(true);
    expect(pool.stats).toMatchObject({ threads: 3, completed: 0, busy: 0, waitTime: { max: 0 } });
    const counted = (await pool.broadcast(life.count)) as Counted[];
    expect(counted.map((each) => each.jobs)).toEqual([1, 1, 1]);
  });
});

describe('a worker is replaced', () => {
  it.each([1, 3])('after maxJobs: %i', async (maxJobs) => {
    await using pool = new ThreadPool({ maxThreads: 2, maxJobs, setup: life.setup });
    const counted = (await all(Array.from({ length: 12 }, () => pool.run(life.count)))) as Counted[];
    for (const { jobs: nth } of counted) expect(nth).toBeLessThanOrEqual(maxJobs);
    expect(new Set(counted.map(({ worker }) => worker)).size).toBeGreaterThanOrEqual(12 / maxJobs);
    expect(pool.stats).toMatchObject({ completed: 12, failed: 0, cancelled: 0 });
  });

  it('after maxJobs, where one whose result cannot be sent is one as well', async () => {
    await using pool = new ThreadPool({ maxThreads: 1, maxJobs: 2, setup: life.setup });
    await expect(pool.run(() => () => {}).then(() => {})).rejects.toMatchObject({ code: 'ERR_CLONE' });
    expect(await pool.run(life.count)).toMatchObject({ jobs: 1 });
    expect(await pool.run(life.count)).toMatchObject({ jobs: 1 });
  });

  it('between two jobs, after one that has left its heap larger than maxHeap', async () => {
    await using pool = new ThreadPool({ maxThreads: 1, maxHeap: 40 });
    const first = (await pool.run(life.whoami)).worker;
    expect((await pool.run(life.whoami)).worker).toBe(first);
    expect(await pool.run(life.grow, [60])).toBe(first);
    expect((await pool.run(life.whoami)).worker).not.toBe(first);
  });

  it('with a teardown, which runs in each', async () => {
    const ends = new Semaphore(0);
    const pool = new ThreadPool({
      minThreads: 0,
      maxThreads: 1,
      maxJobs: 1,
      setup: life.setup,
      teardown: life.teardown,
    });
    for (let n = 0; n < 3; n++) await pool.run(life.tell, [ends]);
    await pool.close();
    expect(ends.value).toBe(3);
  });
});

it.each([
  [{ setup: 1 }, TypeError],
  [{ teardown: 'x' }, TypeError],
  [{ maxJobs: 0 }, RangeError],
  [{ maxJobs: 1.5 }, RangeError],
  [{ maxHeap: -1 }, RangeError],
  [{ maxHeap: '9' }, TypeError],
])('%j is refused at the call', (options, kind) => {
  expect(() => new ThreadPool(options as object)).toThrow(kind);
});
