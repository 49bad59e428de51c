// What is done in BullMQ's own moves of a job that has ended.

import { createRequire } from 'node:module';
import type * as BullMQ from 'bullmq';
import { firstValueFrom } from 'rxjs';
import { Machines } from 'rxjs-threading/redis';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { heapUsed } from '../support/collect-garbage.js';
import { commandsOf, Farm, Gate, targets, until } from '../support/job-farm.js';
import { onRedis } from '../support/on-redis.js';
import { slowLink } from '../support/slow-link.js';

const { Job } = createRequire(import.meta.url)('bullmq') as typeof BullMQ;

const engine = onRedis();

let farm: Farm;
beforeEach(() => {
  farm = new Farm(engine.server, { lease: 1000 });
});
afterEach(() => farm[Symbol.asyncDispose]());

/** A command of the connection that BullMQ's scripts run by. */
async function command(name: string, lua: string, args: readonly unknown[]): Promise<unknown> {
  const client = await commandsOf(farm.pool);
  client.defineCommand(name, { numberOfKeys: 0, lua });
  return (client as unknown as Record<string, (args: readonly unknown[]) => unknown>)[name]?.(args);
}

test("a script of BullMQ's that begins with a line of its own is left as it is", async () => {
  expect(await command('moveToActive:0', '#!lua flags=no-writes\nreturn #ARGV', [1, 2])).toBe(2);
  expect(await command('moveToActive:1', 'return own and #ARGV + 1', [1, 2])).toBe(3);
  expect(await command('extendLocks:0', '#!lua flags=no-writes\nreturn #ARGV', [1, 2])).toBe(2);
});

test.each([
  ['WaitingError', 'x'],
  ['DelayedError', 'x'],
  ['WaitingChildrenError', 'x'],
  ['Error', 'bullmq:rateLimitExceeded'],
])(
  'a job that fails with what BullMQ takes for a word of its own has failed: %s, %s',
  async (name, message) => {
    farm.serve();
    const retry = { maxDeaths: 0 };
    const failed = firstValueFrom(farm.pool.run(targets.failAs, [name, message], { retry })).catch(
      (error) => error,
    );
    expect(await failed).toMatchObject({ name, message });
    expect(await farm.pool.failed()).toMatchObject([{ attempts: 1, error: { name, message } }]);
  },
);

test('what is tried again by hand from afar is shared no more as soon as it has ended', async () => {
  const { pool } = farm;
  farm.serve();
  await firstValueFrom(pool.run(targets.fail, ['one'], { dedupe: 'afar' })).catch(() => {});
  const [one] = await pool.failed();
  const link = await slowLink(engine.server.port, 300);
  const afar = new Machines({ connection: link.url, namespace: farm.namespace, lease: 5000, grace: false });
  await afar.pool('jobs').failed();
  let answered = false;
  const again = afar
    .pool('jobs')
    .retryFailed(one?.id ?? '')
    .then(() => {
      answered = true;
    });
  const key = `{${farm.namespace}}:jobs:jobs:${one?.id}`;
  await until(
    async () =>
      (await engine.client.hget(key, 'ats')) === '2' &&
      (await engine.client.hexists(key, 'finishedOn')) === 1,
  );
  expect(answered).toBe(false);
  expect(await pool.run(targets.echo, [2], { dedupe: 'afar' })).toBe(2);
  await again;
  await afar.close();
  link.close();
});

test("what another user of BullMQ's keeps from coming again for a while does not come again when it has ended", async () => {
  farm.serve();
  const queue = farm.pool.queue as BullMQ.Queue;
  const once = { deduplication: { id: 'once', ttl: 60_000 } };
  const first = await queue.add('echo', { args: '[1]' }, once);
  await until(async () => (await first.getState()) === 'completed');
  expect((await queue.add('echo', { args: '[2]' }, once)).id).toBe(first.id);
});

test('who shares a dead letter of another user of BullMQ that is tried again is remembered until its end', async () => {
  farm.serve();
  const { pool } = farm;
  const queue = pool.queue as BullMQ.Queue;
  const job = await queue.add('fail', { args: '["one"]' }, { deduplication: { id: 'theirs' } });
  for (const attempt of ['1', '2']) {
    if (attempt === '2') await pool.retryFailed(job.id ?? '');
    const key = `{${farm.namespace}}:jobs:jobs:${job.id}`;
    await until(
      async () =>
        (await engine.client.hget(key, 'ats')) === attempt &&
        (await engine.client.hexists(key, 'finishedOn')) === 1,
    );
  }
  expect(await engine.client.keys(`{${farm.namespace}}:w:*`)).toEqual([]);
  expect(await engine.client.keys(`{${farm.namespace}}:jobs:jobs:de:*`)).toEqual([]);
});

test("the end of a run that has lost its job is not another's, which runs it in the same process", async () => {
  const told: string[] = [];
  const monitor = await engine.client.monitor();
  monitor.on('monitor', (_time: string, [name = '']: string[], source: string) => {
    if (name.toLowerCase() === 'publish') told.push(source);
  });
  const gates: (() => void)[] = [];
  const { moveToCompleted } = Job.prototype;
  const waits = vi.spyOn(Job.prototype, 'moveToCompleted').mockImplementation(async function (
    this: BullMQ.Job,
    ...args
  ) {
    await new Promise<void>((open) => gates.push(open));
    return moveToCompleted.apply(this, args);
  });
  try {
    for (const _ of [1, 2]) farm.serve({ threads: 1, concurrency: 1 });
    const job = firstValueFrom(farm.pool.run(targets.add, [1, 2]));
    await until(() => gates.length === 1);
    const locks = await engine.client.keys(`{${farm.namespace}}:jobs:jobs:*:lock`);
    // As if its lease had ended.
    expect(await engine.client.del(...locks)).toBe(1);
    await until(() => gates.length === 2);
    told.length = 0;
    gates[0]?.();
    await until(() => farm.errors.some(({ message }) => /moveToFinished/.test(message)));
    gates[1]?.();
    expect(await job).toBe(3);
    await until(() => told.length > 0);
    expect(told).toEqual(['lua']);
  } finally {
    waits.mockRestore();
    monitor.disconnect();
  }
});

test('nothing stays of a run that was to be tried again, and has lost its job', async () => {
  const { moveToFailed } = Job.prototype;
  const over = new Set<string | undefined>();
  // No spy, which would keep what it is called with.
  Job.prototype.moveToFailed = async function (this: BullMQ.Job, ...args) {
    const jobs = `{${farm.namespace}}:jobs:jobs`;
    await engine.client
      .multi()
      .del(`${jobs}:${this.id}`, `${jobs}:${this.id}:lock`)
      .lrem(`${jobs}:active`, 1, `${this.id}`)
      .exec();
    try {
      return await moveToFailed.apply(this, args);
    } finally {
      over.add(this.id);
    }
  } as typeof moveToFailed;
  const lost = async (count: number): Promise<void> => {
    over.clear();
    for (let n = 0; n < count; n++)
      farm.pool
        .run(targets.failAtLength, [1_000_000], { retry: { attempts: 2 } })
        .subscribe({ error: () => {} });
    // Not by what is told: nothing is where the link broke meanwhile.
    await until(() => over.size === count);
    // An error has what its stack ran with.
    farm.errors.length = 0;
  };
  try {
    farm.serve();
    await lost(5);
    const before = heapUsed();
    await lost(40);
    expect(heapUsed() - before).toBeLessThan(20_000_000);
  } finally {
    Job.prototype.moveToFailed = moveToFailed;
  }
});

test('of a job that is not its any more a serving tells once', async () => {
  // Each half of a lease what was told is forgotten.
  await using patient = new Farm(engine.server, { lease: 600_000 });
  patient.serve({ concurrency: 1 });
  const { namespace, pool, errors } = patient;
  const gate = new Gate();
  const begun = new Promise<void>((begin) =>
    pool
      .run(targets.reportUntilThere, [gate.file], { onProgress: () => begin() })
      .subscribe({ error: () => {} }),
  );
  await begun;
  const locks = await engine.client.keys(`{${namespace}}:jobs:jobs:*:lock`);
  // As if its lease had ended.
  expect(await engine.client.del(...locks)).toBe(1);
  gate.open();
  const missing = () => errors.filter(({ message }) => /^Missing lock for job/.test(message));
  await until(() => missing().length > 0);
  await pool.run(targets.echo, [1]);
  expect(missing()).toHaveLength(1);
});
