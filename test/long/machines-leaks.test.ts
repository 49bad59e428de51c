// What waits leave behind in the engine that others share, and in the process, when they are left.
import { Redis } from 'ioredis';
import { firstValueFrom, type Observable, Subscription } from 'rxjs';
import { Machines } from 'rxjs-threading/redis';
import { expect, it } from 'vitest';
import { collectGarbage } from '../support/collect-garbage.js';
import { tried } from '../support/long/tried.js';
import { redisServer } from '../support/redis-server.js';

const BATCH = 1000;
/** What the engine puts by for itself, in bytes; a key left behind by each of 100,000 would be fifty times that. */
const ENGINE_MEMORY = 200_000;
const HEAP = 4_000_000;

it('100,000 waits that are left leave no key, no memory and no entry behind', async (context) => {
  const server = await redisServer();
  const redis = new Redis(server.url);
  const connection = server.url;
  const machines = new Machines({ connection, namespace: 'leaks', lease: 10_000, grace: false });
  const other = new Machines({ connection, namespace: 'leaks', lease: 10_000, grace: false });
  await Promise.all([machines.open(), other.open()]);
  const held = [await other.lock('l').hold(), await other.semaphore('s', 1).hold()];
  const kinds: Record<string, (i: number) => Observable<unknown>> = {
    'hold of a lock': () => machines.lock('l').hold(),
    'hold of a permit': () => machines.semaphore('s', 1).hold(),
    'wait for an event': (i: number) => machines.event(`e${i}`).wait(),
    'wait at a barrier': (i: number) => machines.barrier(`b${i}`, 2).wait(),
  };

  let batches = 0;
  async function leaveBatch(begin: (i: number) => Observable<unknown>) {
    const all = new Subscription();
    for (let i = 0; i < BATCH; i++) all.add(begin(i).subscribe());
    // Every other time all have been answered before they are left.
    if (batches++ % 2 === 0) await machines.enumerate();
    all.unsubscribe();
    await machines.enumerate();
  }

  const measured = async () => {
    collectGarbage();
    const memory = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
    const keys = (await redis.keys('*')).sort();
    const fields = Object.keys(await redis.hgetall('{leaks}:meta')).sort();
    const entries = await redis.hgetall(`{leaks}:o:${machines.session}`);
    return { memory, keys, fields, entries, heap: process.memoryUsage().heapUsed };
  };

  for (const begin of Object.values(kinds)) await leaveBatch(begin);
  const before = await measured();
  for (const [kind, begin] of Object.entries(kinds)) {
    for (let batch = 0; batch < 25; batch++) await leaveBatch(begin);
    tried(context, `${kind}, left`, 25 * BATCH);
  }
  const after = await measured();
  expect({ ...after, memory: 0, heap: 0 }).toEqual({ ...before, memory: 0, heap: 0 });
  expect(Math.max(0, after.memory - before.memory - ENGINE_MEMORY)).toBe(0);
  expect(Math.max(0, after.heap - before.heap - HEAP)).toBe(0);
  expect(before.entries).toEqual({});
  for (const one of held) await one.release();
  expect(await firstValueFrom(machines.lock('l').locked$)).toBe(false);
  await Promise.all([machines.close(), other.close()]);
  redis.disconnect();
  await server.stop();
});
