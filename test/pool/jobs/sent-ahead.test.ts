import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BroadcastChannel } from 'node:worker_threads';
import { Event, setExcepthook, Thread, type ThreadError, ThreadPool, threadModule } from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anySeed, random, sleep } from '../../support/random.js';
import { turns, until } from '../../support/turns.js';

const targets = threadModule<typeof import('../../fixtures/sent-ahead.js')>(
  new URL('../../fixtures/sent-ahead.js', import.meta.url),
);
const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);
const codeOf = (error: unknown): string | undefined => (error as ThreadError).code;
const unheard: unknown[] = [];
beforeEach(() => {
  unheard.length = 0;
  setExcepthook(({ error }) => unheard.push(error));
});
afterEach(() => setExcepthook(null));

describe('of jobs that were sent ahead', () => {
  // How many a worker has at once depends on how long they run; what moves goes alone.
  it.each<[string, number]>([
    ['alone', -1],
    ['two at once', 0.6],
    ['about eight at once', 0.1],
    ['64 at once', 0],
  ])(
    'only the one that ends its worker fails with it: %s',
    async (_, ms) => {
      const pool = new ThreadPool({ maxThreads: 2 });
      const count = 2000;
      const ends = await Promise.all(
        Array.from({ length: count }, (_, n) => {
          const exits = n % 500 === 250;
          const bytes = new Uint8Array([n % 256]).buffer;
          const job =
            ms < 0
              ? pool.run(targets.read, [bytes, exits], { transferList: [bytes] })
              : pool.run(targets.work, [n, ms, exits]);
          return job.then((value) => value, codeOf);
        }),
      );
      for (const [n, end] of ends.entries()) {
        if (n % 500 === 250) expect(end).toBe('ERR_THREAD_DIED');
        else expect(end).toBe(ms < 0 ? n % 256 : n);
      }
      expect(pool.stats).toMatchObject({ completed: count - 4, failed: 4, cancelled: 0, queued: 0 });
      await pool.close();
      expect(unheard).toEqual([]);
    },
    60_000,
  );

  const seed = anySeed();
  it(`those that are left never run, or were running: seed ${seed}`, async () => {
    const next = random(seed);
    const pool = new ThreadPool({ maxThreads: 2 });
    const count = 4000;
    const ran = new Int32Array(new SharedArrayBuffer(count * 4));
    const told = new Set<number>();
    for (let n = 0; n < count; ) {
      const burst = Array.from({ length: Math.min(100, count - n) }, () => {
        const me = n++;
        return pool.run(targets.mark, [ran, me]).subscribe(() => told.add(me));
      });
      if (next() < 0.5) await turns(Math.floor(next() * 3));
      for (const subscription of burst) if (next() < 0.5) subscription.unsubscribe();
      if (next() < 0.3) await turns(2);
    }
    await pool.close();
    const { completed, failed, cancelled } = pool.stats;
    expect({ ended: completed + cancelled, failed }).toEqual({ ended: count, failed: 0 });
    expect(Math.max(...ran)).toBe(1);
    for (const n of told) expect(ran[n]).toBe(1);
    expect(ran.reduce((a, b) => a + b)).toBeGreaterThanOrEqual(completed);
  });

  it('none waits behind one that runs for long, while another worker is free', async () => {
    const pool = new ThreadPool({ maxThreads: 2, minThreads: 2 });
    await Promise.all([1, 2].map(() => pool.run(targets.work, [0, 1, false]).then()));
    const [begun, gate] = [new Event(), new Event()];
    const long = pool.run(jobs.hold, [begun, gate]).then((value) => value);
    await begun.wait();
    const all = Array.from({ length: 2000 }, (_, n) =>
      pool.run(targets.work, [n, 0, false]).then((value) => value),
    );
    // Those that stood behind it, and the words of all others, many times around the ring.
    expect(await Promise.all(all)).toEqual(Array.from({ length: 2000 }, (_, n) => n));
    expect(pool.stats).toMatchObject({ busy: 1, queued: 0 });
    gate.set();
    expect(await long).toBe('held');
    await pool.close();
  });

  it('one that waits behind a job that took no longer as yet begins as soon as another worker is free', async () => {
    const pool = new ThreadPool({ maxThreads: 2, minThreads: 2 });
    // Known to take some ms, so that what waits behind it is left there for a while.
    for (let run = 0; run < 5; run++) await pool.run(jobs.holdFor, [null, 10]);
    const gate = new Event();
    const long = pool.run(jobs.holdFor, [gate, 0]).then();
    const short = pool.run(jobs.holdFor, [null, 5]).then();
    const behind = [1, 2].map(() => pool.run(jobs.holdFor, [null, 5]).then());
    expect(pool.stats).toMatchObject({ busy: 2, queued: 2 });
    await Promise.all([short, ...behind]);
    expect(pool.stats).toMatchObject({ busy: 1, queued: 0 });
    gate.set();
    await long;
    await pool.close();
  });

  it('none runs beside what one has left behind', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    await pool.run(() => 1);
    const done = new Event();
    const left = pool.run(jobs.leaveTimer, [150, 'set', done]).then();
    const behind = pool.run((event: Event) => event.isSet(), [done]).then((value) => value);
    await left;
    expect(pool.stats).toMatchObject({ busy: 1, queued: 1 });
    expect(await behind).toBe(true);
    await pool.close();
  });

  it('none has begun when a rejection that one has left behind ends the worker', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    for (let round = 0; round < 3; round++) {
      const left = pool.run(targets.leaveRejection).then((value) => value);
      const behind = Array.from({ length: 20 }, (_, n) =>
        pool.run(targets.work, [n, 0, false]).then((value) => value),
      );
      expect(await left).toBe('returned');
      expect(await Promise.all(behind)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    }
    await until(() => unheard.length === 3);
    expect(unheard).toMatchObject([1, 2, 3].map(() => ({ message: 'left behind' })));
    expect(pool.stats).toMatchObject({ completed: 63, failed: 0 });
    await pool.close();
  });

  it('each tells its progress and its values before its end, in order', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const told: unknown[] = [];
    const all = [0, 1, 2].map((n) =>
      pool
        .run(targets.report, [n], { onProgress: (value) => told.push(value) })
        .then((value) => told.push(value)),
    );
    const last = pool.run(targets.stream, [3, 20_000]).then((value) => value);
    await Promise.all(all);
    expect(told.filter((one) => typeof one === 'string')).toEqual(
      [0, 1, 2].flatMap((n) => [0, 1, 2].map((step) => `${n}.${step}`)),
    );
    expect(told.indexOf('0.2')).toBeLessThan(told.indexOf(0));
    const values: unknown[] = [];
    const stream = new Thread({ target: targets.stream, args: [4, 20_000], pool }).start();
    const behind = pool.run(targets.work, [5, 0, false]).then((value) => value);
    await stream.output$.forEach((value) => void values.push(value));
    expect(values).toEqual(Array.from({ length: 20_000 }, (_, n) => `4.${n}`));
    expect(await last).toBe('3.19999');
    expect(await behind).toBe(5);
    await pool.close();
  });

  it('the first is run although this thread blocks from there on', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    await pool.run(() => 1);
    const ran = new Int32Array(new SharedArrayBuffer(4));
    const job = pool.run(targets.mark, [ran, 0]).then();
    expect(Atomics.wait(ran, 0, 0, 0)).toBe('timed-out');
    for (const end = performance.now() + 5000; Atomics.load(ran, 0) === 0 && performance.now() < end; );
    expect(Atomics.load(ran, 0)).toBe(1);
    await job;
    await pool.close();
  });

  it('a join from elsewhere ends, although the worker goes on to others in the same slot', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const [begun, gate, asks] = [new Event(), new Event(), new Event()];
    const first = pool.run(jobs.hold, [begun, gate], { name: 'first' }).then();
    await begun.wait();
    const joiner = new Thread({ target: jobs.waitForThread, args: [asks, 'first', 'joinSync'] }).start();
    const joined = joiner.result({ timeout: 5000 }).then((value) => value);
    await asks.wait();
    const others = Array.from({ length: 500 }, (_, n) => pool.run(targets.work, [n, 0, false]).then());
    await sleep(50);
    gate.set();
    await Promise.all([first, ...others]);
    expect(await joined).toBe(true);
    await pool.close();
  });
});

describe('a module target', () => {
  const folder = mkdtempSync(join(tmpdir(), 'targets-'));

  it('that could not be imported is tried again for the next job', async () => {
    const file = join(folder, 'late.mjs');
    const target = { module: pathToFileURL(file).href, export: 'late' };
    const pool = new ThreadPool({ maxThreads: 1 });
    await expect(pool.run(target).then()).rejects.toMatchObject({ code: 'ERR_THREAD_TARGET' });
    writeFileSync(file, "export const late = () => 'here';");
    expect(await pool.run(target)).toBe('here');
    await pool.close();
  });

  it('is another one once its object was changed', async () => {
    const module = 'data:text/javascript,export const one = () => 1; export const two = () => 2;';
    const target = { module, export: 'one' };
    const pool = new ThreadPool({ maxThreads: 1 });
    expect(await pool.run(target)).toBe(1);
    expect(await new Thread({ target }).start().result()).toBe(1);
    target.export = 'two';
    expect(await pool.run(target)).toBe(2);
    expect(await new Thread({ target }).start().result()).toBe(2);
    await pool.close();
  });

  it('is forgotten with a thousand others, and known again', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const made = Array.from({ length: 1500 }, (_, n) => new Function(`return ${n}`) as () => number);
    const results = await Promise.all(made.map((target) => pool.run(target).then((value) => value)));
    expect(results).toEqual(made.map((_, n) => n));
    expect(await pool.run(made[3] as () => number)).toBe(3);
    await pool.close();
  });
});

describe('a worker that has nothing to do', () => {
  it('is killed, and replaced, like any', async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    await pool.run(() => 1);
    const [worker] = pool.piscina.threads;
    await worker?.terminate();
    expect(await pool.run(() => 2)).toBe(2);
    expect(pool.piscina.threads).not.toContain(worker);
    await pool.close();
  });

  it("hears what comes over ports of the user's", async () => {
    const pool = new ThreadPool({ maxThreads: 1 });
    const name = `sent-ahead ${process.pid}`;
    const heard = new Int32Array(new SharedArrayBuffer(4));
    await pool.run(targets.listen, [name, heard]);
    const channel = new BroadcastChannel(name);
    for (let n = 0; n < 5; n++) {
      channel.postMessage(n);
      await until(() => Atomics.load(heard, 0) === n + 1);
    }
    channel.close();
    await pool.close();
  });
});

describe('a Thread that was sent ahead and is cancelled', () => {
  it.each(['before', 'after'])(
    'ends with the reason of that, %s it was taken back for one of higher priority',
    async (when) => {
      await using pool = new ThreadPool({ maxThreads: 1 });
      const tiny = () => 1;
      // So that the worker has room for several.
      for (let n = 0; n < 20; n++) await pool.run(tiny);
      const [begun, gate] = [new Event(), new Event()];
      const held = pool.run(jobs.hold, [begun, gate]).then();
      await begun.wait();
      const thread = new Thread({ target: tiny, pool }).start();
      const cancel = () => thread.cancel(new RangeError('not wanted'));
      if (when === 'before') cancel();
      const urgent = pool.run(tiny, [], { priority: 1 }).then();
      if (when === 'after') cancel();
      gate.set();
      await expect(thread.result().then()).rejects.toThrow('not wanted');
      await Promise.all([held, urgent]);
    },
  );
});

describe('a Thread that is joined by this thread, blocked, before a worker begins with it', () => {
  it.each(['stands in line', 'was sent ahead', 'is taken back then'])(
    'streams all of its values, though nobody reads them: it %s',
    async (where) => {
      const pool = new ThreadPool({ maxThreads: 1 });
      const [begun, gate] = [new Event(), new Event()];
      const held = pool.run(jobs.hold, [begun, gate]).then();
      await begun.wait();
      const before = where === 'stands in line' ? [pool.run(() => 1).then()] : [];
      const many = 20_000;
      const count = function* (many: number): Generator<number> {
        for (let n = 1; n <= many; n++) yield n;
      };
      const thread = new Thread({ target: count, args: [many], pool }).start();
      expect(thread.joinSync({ timeout: 1 })).toBe(false);
      const behind = where === 'is taken back then' ? [pool.run(() => 1, [], { priority: 1 }).then()] : [];
      gate.set();
      expect(await thread.result({ timeout: 10_000 })).toBe(many);
      await Promise.all([held, ...before, ...behind]);
      await pool.close();
    },
  );
});
