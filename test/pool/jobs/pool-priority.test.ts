import { TimeoutError } from 'rxjs';
import { Event, sleepSync, ThreadPool, threadModule } from 'rxjs-threading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PriorityLine } from '../../../src/pool/jobs/priority-line.js';
import type { Job } from '../../../src/pool/workers/job.js';
import { turns } from '../../support/turns.js';

const jobs = threadModule<typeof import('../../fixtures/pool-jobs.js')>(
  new URL('../../fixtures/pool-jobs.js', import.meta.url),
);
const identity = (n: number): number => n;

describe('in a pool of one', () => {
  let pool: ThreadPool;
  let gate: Event;
  let holder: Promise<unknown>;
  const order: string[] = [];
  const note = (name: string, priority?: number): Promise<unknown> =>
    pool.run(identity, [0], { name, priority }).then(() => order.push(name));

  beforeEach(async () => {
    order.length = 0;
    pool = new ThreadPool({ maxThreads: 1 });
    gate = new Event();
    const begun = new Event();
    holder = pool.run(jobs.hold, [begun, gate]).then((value) => value);
    await begun.wait();
  });

  afterEach(async () => {
    gate.set();
    await holder;
    await pool.close();
  });

  it('jobs of a higher priority go first, those of one priority in their order', async () => {
    const all = ['a', 'b', 'c'].flatMap((name) => [
      note(`${name} low`, -10),
      note(`${name} none`),
      note(`${name} high`, 10),
    ]);
    gate.set();
    await Promise.all(all);
    const [high, none, low] = ['high', 'none', 'low'].map((which) =>
      ['a', 'b', 'c'].map((n) => `${n} ${which}`),
    );
    expect(order).toEqual([...(high as string[]), ...(none as string[]), ...(low as string[])]);
  });

  it('a job that came late goes before those that were sent ahead of it', async () => {
    const low = Array.from({ length: 5 }, (_, n) => note(`low ${n}`));
    // The first are in the worker by now.
    await new Promise((resolve) => setImmediate(resolve));
    const high = note('high', 1);
    gate.set();
    await Promise.all([...low, high]);
    expect(order).toEqual(['high', 'low 0', 'low 1', 'low 2', 'low 3', 'low 4']);
  });

  // Often, as each time they come at other moments.
  it('one that waits for long goes before those of a higher priority that keep coming', {
    repeats: 20,
  }, async () => {
    const low = note('low', -1);
    let come = 0;
    const more = async (): Promise<void> => {
      while (!order.includes('low') && come < 1000) await note(`high ${come++}`, 1);
    };
    const streams = [more(), more(), more()];
    gate.set();
    await Promise.all([low, ...streams]);
    expect(order.indexOf('low')).toBeGreaterThan(0);
    expect(order.indexOf('low')).toBeLessThan(30);
  });

  it('those that are dropped leave the lines of all priorities', async () => {
    const subscriptions = Array.from({ length: 300 }, (_, n) =>
      pool.run(identity, [n], { priority: (n % 21) - 10 }).subscribe(),
    );
    expect(pool.stats.queued).toBe(300);
    for (const subscription of subscriptions) subscription.unsubscribe();
    expect(pool.stats).toMatchObject({ queued: 0, cancelled: 300 });
    const last = note('last', -10);
    gate.set();
    await last;
  });

  it('a job that waits past its waitTimeout never runs', async () => {
    const ran = new Event();
    const late = pool.run(jobs.hold, [ran, gate], { name: 'late', waitTimeout: 20 });
    await expect(late.then(() => {})).rejects.toThrow(
      expect.objectContaining({
        name: 'TimeoutError',
        message: "'late' waited in line for its waitTimeout of 20 ms",
      }),
    );
    await expect(late.then(() => {})).rejects.toBeInstanceOf(TimeoutError);
    expect(pool.stats).toMatchObject({ queued: 0, cancelled: 2 });
    gate.set();
    await holder;
    expect(await pool.run(identity, [1])).toBe(1);
    expect(ran.isSet()).toBe(false);
  });
});

it('a job that has begun in time is not touched by its waitTimeout', async () => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  await pool.run(identity, [0]);
  const [begun, gate] = [new Event(), new Event()];
  const job = pool.run(jobs.hold, [begun, gate], { waitTimeout: 50 }).then((value) => value);
  // Its begin is known although no event loop has turned.
  begun.waitSync();
  sleepSync(50);
  // Its time is up by now.
  await turns(5);
  gate.set();
  expect(await job).toBe('held');
});

it.each([
  [{ priority: 11 }, RangeError, 'priority must be a whole number from -10 to 10, got 11'],
  [{ priority: 0.5 }, RangeError, 'priority must be a whole number from -10 to 10, got 0.5'],
  [{ priority: 'high' }, TypeError, "priority must be a number, got 'high'"],
  [{ waitTimeout: -1 }, RangeError, 'waitTimeout must be 0 ms or more, got -1'],
  [{ waitTimeout: '1' }, TypeError, "waitTimeout must be a number of ms, got '1'"],
])('%j is refused at the call', async (options, kind, message) => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  expect(() => pool.run(identity, [0], options as object)).toThrow(new kind(message));
});

it('one of a higher priority that cannot be sent leaves the others where they are', async () => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  for (let n = 0; n < 100; n++) {
    const others = Promise.all([1, 2].map((value) => pool.run(identity, [value]).then((told) => told)));
    const unsendable = (() => 0) as unknown as number;
    await expect(pool.run(identity, [unsendable], { priority: 5 }).then(() => {})).rejects.toThrow(
      'cannot be cloned',
    );
    expect(await others).toEqual([1, 2]);
  }
});

it.each([
  ['of one priority', [0]],
  ['of several, of which those come one by one that are higher', [0, 5]],
])('a pool of one begins with those of each priority in their order: %s', async (_, priorities) => {
  await using pool = new ThreadPool({ maxThreads: 1 });
  const leaves = (n: number): number => {
    if (n % 50 === 25) setTimeout(() => {}, 5);
    return n;
  };
  // Known to be tiny, so that many are sent ahead.
  for (let n = 0; n < 20; n++) await pool.run(leaves, [n]);
  const orders = priorities.map(() => [] as number[]);
  const run = (n: number, nth: number): PromiseLike<unknown> =>
    pool.run(leaves, [n], { priority: priorities[nth] }).then((m) => orders[nth]?.push(m));
  const low = Array.from({ length: 300 }, (_, n) => run(n, 0));
  for (let n = 0; priorities.length > 1 && n < 200; n++) await run(n, 1);
  await Promise.all(low);
  for (const order of orders) expect(order).toEqual(order.toSorted((a, b) => a - b));
});

it('jobs of one priority that two sessions give back leave in their order', () => {
  const line = new PriorityLine();
  for (let n = 0; n < 10; n++)
    line.push({ priority: 0, over: false, order: line.nextOrder() } as Partial<Job> as Job);
  const left = Array.from({ length: 10 }, () => line.shift() as Job);
  for (const job of left.slice(8)) line.giveBack([job]);
  expect([line.shift()?.order, line.shift()?.order]).toEqual([9, 10]);
});
