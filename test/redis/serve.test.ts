import type { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { filter, firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { ThreadPool } from 'rxjs-threading';
import { currentJob, Machines } from 'rxjs-threading/redis';
import { beforeEach, expect, test, vi } from 'vitest';
import { commandsOf, counts, Farm, Gate, targets, until } from '../support/job-farm.js';
import { onRedis } from '../support/on-redis.js';
import { freePort, redisServer } from '../support/redis-server.js';
import { slowLink } from '../support/slow-link.js';
import { tcpProxy } from '../support/tcp-proxy.js';

const redis = onRedis();

let farm: Farm;
beforeEach(() => {
  farm = new Farm(redis.server);
  return () => farm[Symbol.asyncDispose]();
});

test.each(['toString', 'constructor', '__proto__', 'then', 'noSuchExport', 'notAFunction'])(
  'runs no %s: only functions that the module exports itself',
  async (name) => {
    farm.serve();
    const job = firstValueFrom(farm.pool.run({ module: 'node:path', export: name })).catch((error) => error);
    expect(await job).toMatchObject({ name: 'ThreadError', code: 'ERR_THREAD_TARGET' });
  },
);

test('looks for the export in its own module, whatever the caller names', async () => {
  farm.serve();
  expect(await farm.pool.run({ module: 'file:///elsewhere.js', export: 'add' }, [1, 2])).toBe(3);
});

test('a module that cannot be loaded is an error of each job', async () => {
  const module = { runJob: { module: 'file:///no/such/module.js', export: 'runJob' } };
  await using serving = farm.machines.serve('jobs', { module });
  const job = firstValueFrom(farm.pool.run(targets.add, [1, 2])).catch((error) => error);
  expect(await job).toMatchObject({
    code: 'ERR_THREAD_TARGET',
    message: expect.stringContaining('cannot load'),
  });
  expect(await firstValueFrom(serving.running$)).toBe(0);
});

test('refuses what it cannot use, showing it', () => {
  const { machines } = farm;
  const module = targets;
  for (const none of [{}, undefined])
    expect(() => machines.serve('jobs', none as never)).toThrow(
      /^module must be what threadModule gave, got undefined/,
    );
  expect(() => machines.serve('a b', { module })).toThrow(/^name must be 1 to 200 characters/);
  expect(() => machines.serve('jobs', { module, concurrency: 0 })).toThrow(/^concurrency must be/);
  expect(() => machines.serve('jobs', { module, pool: {} as never })).toThrow(/^pool must be a ThreadPool/);
  expect(() => machines.serve('jobs', { module, tread: 1 } as never)).toThrow(/^there is no option tread/);
});

test('what the URL says beside where the engine is takes nothing from what a connection needs', async () => {
  const query =
    '?maxRetriesPerRequest=20&lazyConnect=&enableOfflineQueue=yes&retryStrategy=no&replyMapping=resp3';
  await using own = new Farm(redis.server, { connection: redis.server.url + query });
  own.serve();
  expect(await own.pool.run(targets.add, [1, 2])).toBe(3);
  expect(own.errors).toEqual([]);
});

test('there is no current job outside of one', () => {
  expect(currentJob()).toBeUndefined();
});

test("a run's token, and the telling of its end, come with BullMQ's own moves of the job", async () => {
  farm.serve();
  await farm.pool.run(targets.add, [1, 2]);
  const asking = new Redis(redis.server.port);
  const monitor = await asking.monitor();
  try {
    const told: string[] = [];
    monitor.on('monitor', (_time: string, [command = '', , , ...args]: string[], source: string) => {
      if (command.toLowerCase() === 'publish') told.push(source);
      if (args.includes('mint')) told.push('mint');
    });
    expect(await farm.pool.run(targets.add, [1, 2])).toBe(3);
    await until(() => told.length > 0);
    expect(told).toEqual(['lua']);
  } finally {
    monitor.disconnect();
    asking.disconnect();
  }
});

test('a job that is handed out as another is put off has a token above all before, also if it was lost with one before', async () => {
  const { pool } = farm;
  const asking = new Redis(redis.server.port);
  const lost = firstValueFrom(pool.run(targets.job)).catch((error) => error);
  const queue = pool.queue as Queue;
  await until(async () => (await queue.getWaiting()).length === 1);
  const id = (await queue.getWaiting())[0]?.id as string;
  await asking.hset(`{${farm.namespace}}:jobs:jobs:${id}`, 'stc', 2);
  const before = farm.serve();
  expect(await lost).toMatchObject({ name: 'JobLostError' });
  const { token } = (await pool.run(targets.job)) as unknown as { token: string };
  await before.close();
  const fails = firstValueFrom(pool.run(targets.failUntil, [2], { retry: { attempts: 2, delay: 50 } }));
  await until(async () => (await queue.getWaiting()).length === 1);
  await pool.retryFailed(id);
  farm.serve({ concurrency: 1 });
  expect(await fails).toBe(2);
  const again = JSON.parse((await queue.getJob(id))?.returnvalue) as { token: string };
  expect(BigInt(again.token)).toBeGreaterThan(BigInt(token));
  asking.disconnect();
});

test('runs as many at once as it is told to, and tells how many', async () => {
  const serving = farm.serve({ threads: 4, concurrency: 2 });
  const seen = firstValueFrom(serving.running$.pipe(take(3), toArray()));
  const jobs = [1, 2, 3].map(() => farm.pool.run(targets.wait).subscribe());
  await until(async () => (await counts(farm.pool)).waiting === 1);
  expect(await seen).toEqual([0, 1, 2]);
  for (const job of jobs) job.unsubscribe();
});

test('close lets what runs finish, and takes no more', async () => {
  const serving = farm.serve();
  const gate = new Gate();
  const job = firstValueFrom(farm.pool.run(targets.untilThere, [gate.file]));
  await until(async () => (await counts(farm.pool)).active === 1);
  const closed = serving.close();
  gate.open();
  await closed;
  expect(await job).toBe(gate.file);
  const late = farm.pool.run(targets.echo, [1]).subscribe();
  await until(async () => (await counts(farm.pool)).waiting === 1);
  late.unsubscribe();
});

test('close with a timeout gives what still runs back, for others to run', async () => {
  const serving = farm.serve();
  const gate = new Gate();
  const job = firstValueFrom(farm.pool.run(targets.waitUnless, [gate.file], { retry: { maxDeaths: 0 } }));
  await until(async () => (await counts(farm.pool)).active === 1);
  await serving.close({ timeout: 50 });
  expect(await counts(farm.pool)).toMatchObject({ active: 0, waiting: 1, failed: 0 });
  gate.open();
  farm.serve();
  expect(await job).toBe('again');
});

test.each([undefined, 50])(
  'close with a timeout of %o ends, and its job is others, while the engine is out of reach',
  async (timeout) => {
    const link = await tcpProxy(redis.server.port);
    const { namespace } = farm;
    const cut = new Farm(redis.server, { connection: link.url, namespace, lease: 1000 });
    try {
      const serving = cut.serve();
      const gate = new Gate();
      const job = firstValueFrom<unknown>(
        timeout === undefined
          ? farm.pool.run(targets.untilThere, [gate.file])
          : farm.pool.run(targets.waitUnless, [gate.file]),
      );
      await until(async () => (await counts(farm.pool)).active === 1);
      link.cut();
      const closed = serving.close({ timeout });
      // What runs is let finish.
      if (timeout === undefined) gate.open();
      await closed;
      gate.open();
      link.open();
      farm.serve();
      expect(await job).toBe(timeout === undefined ? gate.file : 'again');
    } finally {
      await cut[Symbol.asyncDispose]();
      await link.close();
    }
  },
);

test('a stream that is given back is lost, as its values cannot be called back', async () => {
  const serving = farm.serve();
  const values: number[] = [];
  const ended = new Promise<Error>((error) =>
    farm.pool.stream(targets.countThenWait, [3]).subscribe({ next: (one) => values.push(one), error }),
  );
  await until(() => values.length === 3);
  await serving.close({ timeout: 1 });
  expect(await ended).toMatchObject({ name: 'JobLostError', code: 'ERR_JOB_LOST' });
});

test('a stream whose reader was killed ends', async () => {
  const short = new Farm(redis.server, { lease: 500 });
  try {
    const serving = short.serve();
    const reader = short.read('countThenWait');
    await until(async () => (await firstValueFrom(serving.running$)) === 1);
    await short.kill(reader);
    await until(async () => (await firstValueFrom(serving.running$)) === 0);
    expect(await counts(short.pool)).toMatchObject({ active: 0, waiting: 0 });
  } finally {
    await short[Symbol.asyncDispose]();
  }
});

test('closes, and tells who waits, while the engine is out of reach', async () => {
  const machines = new Machines({
    connection: `redis://127.0.0.1:${await freePort()}`,
    namespace: 'nowhere',
  });
  const job = firstValueFrom(machines.pool('jobs').run(targets.echo, [1])).catch((error) => error);
  const timer = firstValueFrom(machines.pool('jobs').timer(1, targets.echo, [1]).result()).catch(
    (error) => error,
  );
  const serving = machines.serve('jobs', { module: targets });
  expect(await firstValueFrom(serving.running$)).toBe(0);
  await machines.close();
  expect(await job).toMatchObject({ code: 'ERR_POOL' });
  expect(await timer).toMatchObject({ code: 'ERR_POOL' });
});

test('closes though its connection broke with calls unanswered, and the next does not answer', async () => {
  const link = await tcpProxy(redis.server.port);
  const namespace = `unanswered-${process.pid}`;
  const machines = new Machines({ connection: link.url, namespace, lease: 1000, grace: false });
  machines.serve('jobs', { module: targets });
  const running = new Promise((begun) =>
    machines
      .pool('jobs')
      .run(targets.reportAndWait, [1], { onProgress: begun })
      .subscribe({ error: () => {} }),
  );
  await running;
  link.stall('back');
  await firstValueFrom(machines.errors$.pipe(filter(({ message }) => /^Socket timeout/.test(message))));
  await machines.close();
  await link.close();
});

test('closes while a job runs that it cannot give back', async () => {
  const own = await redisServer();
  const cut = new Farm(own, { lease: 1000 });
  try {
    cut.serve();
    const job = firstValueFrom(cut.pool.run(targets.wait)).catch((error) => error);
    await until(async () => (await counts(cut.pool)).active === 1);
    await own.stop('SIGKILL');
    await cut.machines.close();
    expect(await job).toMatchObject({ code: 'ERR_POOL' });
  } finally {
    await cut[Symbol.asyncDispose]();
  }
});

test('two that serve one pool in a process both hear of cancels', async () => {
  farm.serve({ threads: 1, concurrency: 1 });
  farm.serve({ threads: 1, concurrency: 1 });
  const jobs = [1, 2].map(() => farm.pool.run(targets.wait).subscribe());
  await until(async () => (await counts(farm.pool)).active === 2);
  for (const job of jobs) job.unsubscribe();
  await until(async () => (await counts(farm.pool)).active === 0);
});

test('two pools of one name in a process share what is deduplicated', async () => {
  farm.serve();
  const other = farm.machines.pool('jobs');
  const gate = new Gate();
  const first = firstValueFrom(farm.pool.run(targets.untilThere, [gate.file], { dedupe: 'one' }));
  await until(async () => (await counts(farm.pool)).active === 1);
  const second = firstValueFrom(other.run(targets.echo, ['second'], { dedupe: 'one' }));
  const engine = await commandsOf(farm.pool);
  const [sharers = ''] = await engine.keys(`{${farm.namespace}}:w:*`);
  await until(async () => (await engine.scard(sharers)) === 2);
  gate.open();
  expect(await Promise.all([first, second])).toEqual([gate.file, gate.file]);
});

test('what is tried again by hand is shared again, and not tried beside another of its `dedupe`', async () => {
  const { pool } = farm;
  const serving = farm.serve();
  for (const message of ['one', 'two'])
    await firstValueFrom(pool.run(targets.fail, [message], { dedupe: 'one' })).catch(() => {});
  await serving.close();
  const [two, one] = await pool.failed();
  await pool.retryFailed(two?.id ?? '');
  await expect(pool.retryFailed(one?.id ?? '')).rejects.toMatchObject({
    code: 'ERR_ENGINE',
    message: `jobs has a job of dedupe 'one' already: ${two?.id}`,
  });
  const shared = firstValueFrom(pool.run(targets.echo, [2], { dedupe: 'one' })).catch((error) => error);
  const left = pool.run(targets.echo, [3], { dedupe: 'one' }).subscribe({ error: () => {} });
  await until(async () => (await counts(pool)).waiting === 1);
  left.unsubscribe();
  farm.serve();
  expect(await shared).toMatchObject({ name: 'RangeError', message: 'two' });
  expect(await pool.run(targets.echo, [4], { dedupe: 'one' })).toBe(4);
});

test('what is tried again by hand from afar, and has ended before that is known there, is not shared', async () => {
  const { pool } = farm;
  const serving = farm.serve();
  await firstValueFrom(pool.run(targets.fail, ['one'], { dedupe: 'afar' })).catch(() => {});
  const [one] = await pool.failed();
  const link = await slowLink(redis.server.port, 200);
  const afar = new Machines({ connection: link.url, namespace: farm.namespace, lease: 3000, grace: false });
  await afar.pool('jobs').retryFailed(one?.id ?? '');
  expect((await pool.failed()).length).toBe(1);
  expect(await pool.run(targets.echo, [2], { dedupe: 'afar' })).toBe(2);
  await afar.close();
  link.close();
  await serving.close();
});

test('many pools of one name in a process share what they need', async () => {
  farm.serve();
  for (let n = 0; n < 100; n++) await farm.machines.pool('jobs').run(targets.echo, [n]);
  const engine = await commandsOf(farm.pool);
  expect(await engine.pubsub('CHANNELS', `{${farm.namespace}}:r:*`)).toHaveLength(2);
  // BullMQ's events, each end with its result, would stay when the jobs are gone.
  expect(await engine.xlen(`{${farm.namespace}}:jobs:jobs:events`)).toBeLessThan(250);
});

test('a job runs once, though the clock is set back meanwhile', async () => {
  const timely = new Farm(redis.server, { lease: 1000 });
  const real = Date.now;
  try {
    timely.serve();
    let runs = 0;
    const job = timely.pool.run(targets.reportAndSleep, [1, 3500], { onProgress: () => runs++ });
    const ended = firstValueFrom(job);
    await until(() => runs === 1);
    vi.spyOn(Date, 'now').mockImplementation(() => real() - 3_600_000);
    expect([await ended, runs]).toEqual([1, 1]);
  } finally {
    vi.restoreAllMocks();
    await timely[Symbol.asyncDispose]();
  }
});

test('a job that is asked for at any moment while connections are made is run', async () => {
  for (let ms = 0; ms < 12; ms++) {
    await using one = new Farm(redis.server);
    one.serve({ threads: 1 });
    await new Promise((resolve) => setTimeout(resolve, ms));
    expect(await one.pool.run(targets.echo, [ms])).toBe(ms);
    expect(one.errors).toEqual([]);
  }
});

test('leaves its jobs to others when its threads have been closed', async () => {
  const pool = new ThreadPool({ maxThreads: 1 });
  const serving = farm.machines.serve('jobs', { module: targets, pool });
  await pool.close();
  const job = firstValueFrom(farm.pool.run(targets.add, [1, 2]));
  await lastValueFrom(serving.running$);
  farm.serve();
  expect(await job).toBe(3);
});
