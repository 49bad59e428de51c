import { getEventListeners } from 'node:events';
import { firstValueFrom, Subject } from 'rxjs';
import type { RemotePool } from 'rxjs-threading/redis';
import { beforeEach, expect, test } from 'vitest';
import { commandsOf, counts, Farm, Gate, targets, until } from '../support/job-farm.js';
import { onRedis } from '../support/on-redis.js';
import { freePort } from '../support/redis-server.js';

const redis = onRedis();

let farm: Farm;
beforeEach(() => {
  farm = new Farm(redis.server);
  return () => farm[Symbol.asyncDispose]();
});

/** Keys of the farm's jobs, those of the queue itself left out. */
async function left(): Promise<string[]> {
  const keys = await (await commandsOf(farm.pool)).keys(`{${farm.namespace}}:*`);
  return keys.filter(
    (key) => !/:jobs:jobs:(meta|events|stalled-check|id|marker|completed)$|}:(meta|ses|o:|s:)/.test(key),
  );
}

test('one that is left before its turn ends is never put into the queue', async () => {
  farm.pool.run(targets.echo, [1]).subscribe().unsubscribe();
  const other = firstValueFrom(farm.pool.run(targets.echo, [2]));
  await until(async () => (await counts(farm.pool)).waiting === 1);
  farm.serve();
  expect(await other).toBe(2);
  expect((await counts(farm.pool)).completed).toBe(1);
});

test('one that is left in the queue is taken out, and nothing of it stays', async () => {
  const jobs = Array.from({ length: 50 }, () => farm.pool.run(targets.echo, [1]).subscribe());
  await until(async () => (await counts(farm.pool)).waiting === 50);
  for (const job of jobs) job.unsubscribe();
  await until(async () => (await counts(farm.pool)).waiting === 0);
  await until(async () => (await left()).length === 0);
  expect(farm.errors).toEqual([]);
});

test('one that is left where it runs finds its signal aborted, and is no dead letter', async () => {
  farm.serve();
  const job = farm.pool.run(targets.wait).subscribe();
  await until(async () => (await counts(farm.pool)).active === 1);
  job.unsubscribe();
  await until(async () => (await counts(farm.pool)).active === 0);
  await until(async () => (await left()).length === 0);
  expect((await counts(farm.pool)).failed).toBe(0);
});

test('one that does not listen loses its thread after its grace', async () => {
  farm.serve({ threads: 1, concurrency: 1 });
  const job = farm.pool.run(targets.burn, [60_000], { grace: 50 }).subscribe();
  await until(async () => (await counts(farm.pool)).active === 1);
  job.unsubscribe();
  // In the same thread, were it not killed.
  expect(await farm.pool.run(targets.add, [1, 2])).toBe(3);
});

test('is not tried again', async () => {
  farm.serve();
  const job = farm.pool.run(targets.wait, [], { retry: { attempts: 5, delay: 1 } }).subscribe();
  await until(async () => (await counts(farm.pool)).active === 1);
  job.unsubscribe();
  await until(async () => (await left()).length === 0);
  expect(await counts(farm.pool)).toMatchObject({ active: 0, delayed: 0, waiting: 0 });
});

test('`signal` does the same, with its reason as the error', async () => {
  farm.serve();
  const controller = new AbortController();
  const job = firstValueFrom(farm.pool.run(targets.wait, [], { signal: controller.signal })).catch(
    (error) => error,
  );
  await until(async () => (await counts(farm.pool)).active === 1);
  const reason = new Error('enough');
  controller.abort(reason);
  expect(await job).toBe(reason);
  await until(async () => (await counts(farm.pool)).active === 0);
  const late = firstValueFrom(farm.pool.run(targets.wait, [], { signal: controller.signal }));
  await expect(late).rejects.toBe(reason);
});

test('its `signal` remembers nobody who has left', async () => {
  const { signal } = new AbortController();
  for (const waiting of [0, 1]) {
    const job = farm.pool.run(targets.echo, [1], { signal }).subscribe();
    await until(async () => (await counts(farm.pool)).waiting === waiting);
    job.unsubscribe();
    await until(() => getEventListeners(signal, 'abort').length === 0);
  }
});

test('a detached one goes on', async () => {
  farm.pool.run(targets.echo, [1], { detached: true }).subscribe().unsubscribe();
  await until(async () => (await counts(farm.pool)).waiting === 1);
  farm.serve();
  await until(async () => (await counts(farm.pool)).completed === 1);
});

const outliving = {
  'a detached one': (pool: RemotePool) => {
    pool.run(targets.echo, [1], { detached: true, delay: 60_000 }).subscribe({ error: () => {} });
  },
  'a detached one that was left': (pool: RemotePool) => {
    pool.run(targets.echo, [1], { detached: true, delay: 60_000 }).subscribe().unsubscribe();
  },
  'a timer': (pool: RemotePool) => {
    pool.timer(60_000, targets.echo, [1], { id: 'timer' });
  },
};
test.for(
  Object.entries(outliving).flatMap(([what, ask]) => [true, false].map((first) => ({ what, ask, first }))),
)(
  '$what is in the queue, though its Machines is closed at once; its first use: $first',
  async ({ ask, first }) => {
    const { namespace } = farm;
    const brief = new Farm(redis.server, { namespace });
    if (!first) await brief.pool.failed();
    ask(brief.pool);
    await brief[Symbol.asyncDispose]();
    expect((await counts(farm.pool)).delayed).toBe(1);
  },
);

test('one that is shared goes on until the last has left it', async () => {
  farm.serve();
  const jobs = [1, 2].map(() => farm.pool.run(targets.wait, [], { dedupe: 'one' }).subscribe());
  await until(async () => (await counts(farm.pool)).active === 1);
  jobs[0]?.unsubscribe();
  const result = await farm.pool.run(targets.add, [1, 1]);
  expect([result, (await counts(farm.pool)).active]).toEqual([2, 1]);
  jobs[1]?.unsubscribe();
  await until(async () => (await counts(farm.pool)).active === 0);
});

test('who shares a job that ended because others left it gets it run once more', async () => {
  farm.serve();
  const gate = new Gate();
  const jobs = [1, 2].map(() => new Subject<string>());
  const [first] = jobs.map((told) =>
    farm.pool.run(targets.waitUnless, [gate.file], { dedupe: 'one' }).subscribe(told),
  );
  const second = firstValueFrom(jobs[1] as Subject<string>);
  await until(async () => (await counts(farm.pool)).active === 1);
  const client = await commandsOf(farm.pool);
  await until(async () => (await left()).some((key) => key.includes('}:w:')));
  // As if the second had come when the first was leaving: the engine does not know of it.
  for (const key of await left()) if (key.includes('}:w:')) await client.del(key);
  gate.open();
  first?.unsubscribe();
  expect(await second).toBe('again');
  await until(async () => (await left()).every((key) => !key.includes('}:w:')));
});

test.each(Object.entries(outliving))(
  '%s that is not in the queue a lease after its Machines was closed is told of',
  async (_what, ask) => {
    const nowhere = `redis://127.0.0.1:${await freePort()}`;
    const brief = new Farm(redis.server, { connection: nowhere, lease: 500 });
    ask(brief.pool);
    await brief[Symbol.asyncDispose]();
    const lost = brief.errors.filter(({ message }) => /^jobs may not have job \S+ \(echo\)$/.test(message));
    expect(lost).toHaveLength(1);
  },
);

test.each([false, true])(
  'a detached one whose Machines is closed is not ended by those who share it; it was accepted: %o',
  async (accepted) => {
    const brief = new Farm(redis.server, { namespace: farm.namespace });
    const options = { dedupe: 'one', detached: true };
    brief.pool.run(targets.echo, [1], options).subscribe({ error: () => {} });
    if (accepted) await until(async () => (await counts(farm.pool)).waiting === 1);
    await brief[Symbol.asyncDispose]();
    const other = farm.pool.run(targets.echo, [2], { dedupe: 'one' }).subscribe();
    const sharers = async () => {
      const [key = ''] = (await left()).filter((one) => one.includes('}:w:'));
      return (await commandsOf(farm.pool)).scard(key);
    };
    await until(async () => (await sharers()) === 2);
    other.unsubscribe();
    await until(async () => (await sharers()) === 1);
    farm.serve();
    await until(async () => (await counts(farm.pool)).completed === 1);
  },
);

test('a detached one that is left on its way is not ended by those who share it', async () => {
  const detached = farm.pool.run(targets.echo, [1], { dedupe: 'one', detached: true }).subscribe();
  await new Promise((turn) => setImmediate(turn));
  detached.unsubscribe();
  await until(async () => (await counts(farm.pool)).waiting === 1);
  const other = farm.pool.run(targets.echo, [2], { dedupe: 'one' }).subscribe();
  await until(async () => (await left()).some((key) => key.includes('}:w:')));
  await until(async () => (await counts(farm.pool)).waiting === 1);
  other.unsubscribe();
  farm.serve();
  await until(async () => (await counts(farm.pool)).completed === 1);
  await until(async () => (await left()).every((key) => !key.includes('}:w:')));
});

test('a cancel that comes as its job ends leaves nothing', async () => {
  farm.serve();
  const gate = new Gate();
  const job = firstValueFrom(farm.pool.run(targets.untilThere, [gate.file]));
  await until(async () => (await counts(farm.pool)).active === 1);
  const client = await commandsOf(farm.pool);
  const [id] = await client.lrange(`{${farm.namespace}}:jobs:jobs:active`, 0, -1);
  // Its word to those who serve is still on its way.
  await client.set(`{${farm.namespace}}:x:jobs:${id}`, '1');
  gate.open();
  expect(await job).toBe(gate.file);
  await until(async () => (await left()).every((key) => !key.includes('}:x:')));
});

test('a storm of 200, some in the queue and some between it and a thread, leaves nothing active', async () => {
  farm.serve({ concurrency: 20 });
  await farm.pool.run(targets.nothing);
  const jobs = Array.from({ length: 200 }, () => farm.pool.run(targets.wait).subscribe());
  await until(async () => ((await counts(farm.pool)).active ?? 0) > 0);
  for (const job of jobs) job.unsubscribe();
  await until(async () => (await left()).length <= 1);
  expect(await counts(farm.pool)).toMatchObject({ active: 0, waiting: 0, delayed: 0, failed: 0 });
});

test('a cancel that nobody could hear is found as soon as they can', async () => {
  farm.serve();
  const job = farm.pool.run(targets.wait).subscribe();
  await until(async () => (await counts(farm.pool)).active === 1);
  const client = await commandsOf(farm.pool);
  // The connections that hear are cut, and told of the cancel only by what stands in the engine.
  await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  job.unsubscribe();
  await until(async () => (await counts(farm.pool)).active === 0);
});
