import { firstValueFrom, from, mergeMap, reduce } from 'rxjs';
import { expect, test } from 'vitest';
import { commandsOf, counts, Farm, targets, until } from '../support/job-farm.js';
import { onRedis } from '../support/on-redis.js';
import { type RedisServer, redisServer } from '../support/redis-server.js';

const redis = onRedis();

test('every job gives exactly one result, though the processes that run them are killed', async () => {
  await using farm = new Farm(redis.server, { lease: 1000 });
  const workers = [farm.start(), farm.start()];
  const jobs = Array.from({ length: 300 }, (_, n) => n);
  let done = 0;
  const sum = firstValueFrom(
    from(jobs).pipe(
      mergeMap((n) => farm.pool.run(targets.slowly, [n, 5], { retry: { maxDeaths: 100 } })),
      reduce((all, n) => {
        done++;
        return all + n;
      }, 0),
    ),
  );
  for (const killAt of [50, 150]) {
    await until(() => done >= killAt);
    const one = workers.shift();
    if (one !== undefined) await farm.kill(one);
    workers.push(farm.start());
  }
  expect(await sum).toBe((300 * 299) / 2);
  expect(done).toBe(300);
});

test('a body that burns longer than the lease, without a pause, runs once', async () => {
  await using farm = new Farm(redis.server, { lease: 1500 });
  farm.start();
  farm.start();
  expect(await farm.pool.run(targets.burn, [3500])).toBe('burnt');
  await until(async () => (await counts(farm.pool)).active === 0);
  const [job] = await (
    farm.pool.queue as { getCompleted(): Promise<{ attemptsStarted: number }[]> }
  ).getCompleted();
  expect(job?.attemptsStarted).toBe(1);
});

test('fails as lost when more processes died of it than it may have', async () => {
  await using farm = new Farm(redis.server, { lease: 1000 });
  const first = farm.start();
  const job = firstValueFrom(farm.pool.run(targets.wait, [], { retry: { maxDeaths: 0, attempts: 5 } })).catch(
    (error) => error,
  );
  await until(async () => (await counts(farm.pool)).active === 1);
  await farm.kill(first);
  farm.start();
  expect(await job).toMatchObject({ name: 'JobLostError', code: 'ERR_JOB_LOST' });
  const [letter] = await farm.pool.failed();
  expect(letter?.error.name).toBe('JobLostError');
});

test('a stream whose process was killed is lost, after the values that had come', async () => {
  await using farm = new Farm(redis.server, { lease: 1000 });
  const first = farm.start();
  const values: number[] = [];
  const ended = new Promise<Error>((error) =>
    farm.pool.stream(targets.countThenWait, [3]).subscribe({ next: (one) => values.push(one), error }),
  );
  await until(() => values.length === 3);
  await farm.kill(first);
  farm.start();
  expect(await ended).toMatchObject({ name: 'JobLostError' });
  expect(values).toEqual([1, 2, 3]);
});

test('results and values that were told while nobody could hear are asked for', async () => {
  await using farm = new Farm(redis.server, { lease: 1000 });
  farm.start();
  await farm.pool.run(targets.nothing);
  const client = await commandsOf(farm.pool);
  const cut = () => client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  const results = Array.from({ length: 50 }, (_, n) =>
    firstValueFrom(farm.pool.run(targets.slowly, [n, 20])),
  );
  const values: number[] = [];
  const streamed = new Promise<void>((complete, error) =>
    farm.pool
      .stream(targets.countTo, [20_000])
      .subscribe({ next: (one) => values.push(one), error, complete }),
  );
  await until(() => values.length > 0);
  await cut();
  await until(async () => ((await counts(farm.pool)).completed ?? 0) > 20);
  await cut();
  expect(await Promise.all(results)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  await streamed;
  expect(values).toEqual(Array.from({ length: 20_000 }, (_, n) => n + 1));
});

test('an engine that is killed and comes back with its log loses no job', async () => {
  const args = ['--appendonly', 'yes', '--appendfsync', 'always'];
  const first = await redisServer({ args });
  const farm = new Farm(first, { lease: 1500 });
  let second: RedisServer | undefined;
  try {
    farm.start();
    let done = 0;
    const sum = firstValueFrom(
      from(Array.from({ length: 200 }, (_, n) => n)).pipe(
        mergeMap((n) => farm.pool.run(targets.slowly, [n, 10], { retry: { maxDeaths: 100 } })),
        reduce((all, n) => {
          done++;
          return all + n;
        }, 0),
      ),
    );
    await until(() => done >= 50);
    await first.stop('SIGKILL');
    second = await redisServer({ args, port: first.port, dir: first.dir });
    expect(await sum).toBe((200 * 199) / 2);
    expect(done).toBe(200);
  } finally {
    await farm[Symbol.asyncDispose]();
    await second?.stop();
  }
});
