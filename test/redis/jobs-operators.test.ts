import { from, lastValueFrom, range, take, tap, toArray } from 'rxjs';
import { pulled, runInThread, threadMap } from 'rxjs-threading';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { counts, Farm, Gate, targets, until } from '../support/job-farm.js';
import { type RedisServer, redisServer } from '../support/redis-server.js';

let server: RedisServer;
let farm: Farm;
beforeAll(async () => {
  server = await redisServer();
  farm = new Farm(server);
  farm.serve();
});
afterAll(async () => {
  await farm[Symbol.asyncDispose]();
  await server.stop();
});

test('threadMap maps each value as a job, results in the order of the source', async () => {
  const { pool } = farm;
  const results = from([60, 1, 30, 2]).pipe(threadMap(targets.sleepFor, { pool }), toArray());
  expect(await lastValueFrom(results)).toEqual([60, 1, 30, 2]);
});

test('threadMap gives results as they come when it is told to', async () => {
  const { pool } = farm;
  const [late, soon] = [new Gate(), new Gate()];
  soon.open();
  const results = from([late.file, soon.file]).pipe(
    threadMap(targets.untilThere, { pool, ordered: false }),
    tap(() => late.open()),
    toArray(),
  );
  expect(await lastValueFrom(results)).toEqual([soon.file, late.file]);
});

test('threadMap pulls an endless source no further than its buffer, and tells it to return', async () => {
  let asked = 0;
  let returned = false;
  function* naturals() {
    try {
      for (let n = 1; ; n++) {
        asked = n;
        yield n;
      }
    } finally {
      returned = true;
    }
  }
  const { pool } = farm;
  const some = pulled(naturals()).pipe(
    threadMap(targets.echo, { pool, concurrency: 4, buffer: 8 }),
    take(20),
    toArray(),
  );
  expect(await lastValueFrom(some)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
  expect(asked).toBeLessThanOrEqual(28);
  expect(returned).toBe(true);
  await until(async () => (await counts(pool)).active === 0);
});

test('threadMap fails as the value does, and names it', async () => {
  const { pool } = farm;
  const failing = from(['a', 'b']).pipe(threadMap(targets.fail, { pool }));
  const error = (await lastValueFrom(failing).catch((error: unknown) => error)) as Error;
  // Both run at once, and whichever fails first ends the stream.
  expect(['a', 'b']).toContain(error.message);
  expect(error.cause).toMatchObject({ index: error.message === 'a' ? 0 : 1, value: error.message });
});

test('threadMap cancels its jobs when it is left', async () => {
  const { pool } = farm;
  const mapping = range(0, 30)
    .pipe(threadMap(targets.wait, { pool, concurrency: 20 }))
    .subscribe();
  await until(async () => (await counts(pool)).active === 10);
  mapping.unsubscribe();
  await until(async () => {
    const { active, waiting } = await counts(pool);
    return active === 0 && waiting === 0;
  });
});

test('runInThread streams a job', async () => {
  const { pool } = farm;
  const values = runInThread(targets.countTo, [1000], { pool }).pipe(toArray());
  expect(await lastValueFrom(values)).toHaveLength(1000);
  expect(await lastValueFrom(runInThread(targets.add, [1, 2], { pool }))).toBe(3);
});

test('both refuse a function, and options that are of no use elsewhere', () => {
  const { pool } = farm;
  expect(() => threadMap((n: number) => n, { pool })).toThrow(/^jobs runs exports of a module/);
  expect(() => threadMap(targets.echo, { pool, batch: 2 })).toThrow(/^there is no option batch/);
  expect(() => runInThread((n: number) => n, [1], { pool })).toThrow(/^jobs runs exports of a module/);
  expect(() => runInThread(targets.echo, [1], { pool, name: 'x' })).toThrow(/^there is no option name/);
});
