// The blocking face, in workers of a process that itself waits by awaiting.
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { lastValueFrom, takeWhile } from 'rxjs';
import { type ModuleTarget, Thread, type ThreadError } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Machine } from '../support/machine.js';
import { type RedisServer, redisServer } from '../support/redis-server.js';
import { heard, says } from './support/heard.js';

const module = new URL('../fixtures/redis/blocking.js', import.meta.url).href;
const namespace = 'blocking';
let server: RedisServer;
let machines: Machines;
beforeAll(async () => {
  server = await redisServer();
  machines = new Machines({ connection: server.url, namespace, lease: 3000, grace: false });
  await machines.open();
});
afterAll(async () => {
  await machines.close();
  await server.stop();
});

/** Calls that export in a worker of its own. */
function start<R>(name: string, ...args: readonly unknown[]): Thread<R> {
  const target: ModuleTarget<readonly unknown[], R> = { module, export: name };
  return new Thread({ target, args }).start() as Thread<R>;
}

it('is refused on the main thread, and with an engine in memory', async () => {
  const state: Partial<ThreadError> = { code: 'ERR_THREAD_STATE' };
  const refused = expect.objectContaining(state);
  expect(() => machines.lock('main').acquireSync()).toThrow(refused);
  expect(() => machines.rlock('main').holdSync()).toThrow(refused);
  expect(() => machines.semaphore('main', 2).holdSync()).toThrow(refused);
  expect(() => machines.event('main').waitSync()).toThrow(refused);
  expect(() => machines.barrier('main', 2).waitSync()).toThrow(refused);
  await expect(start('acquire', 'memory', namespace, 'memory', {}).result()).rejects.toMatchObject(state);
});

it('holds, valid at once, and releases, again and again without a turn of the event loop', async () => {
  const seen = await start<[boolean, bigint | number][]>(
    'again',
    server.url,
    namespace,
    'again',
    200,
  ).result();
  expect(seen.map(([valid]) => valid)).toEqual(Array(200).fill(true));
  const tokens = seen.map(([, token]) => token);
  expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => Number(a) - Number(b)));
  await says(machines.lock('again').locked$, false);
});

it('waits for what another holds, and is told', async () => {
  const lock = machines.lock('held');
  const held = await lock.hold();
  const thread = start<[boolean, number]>('hold', server.url, namespace, 'held', 30_000);
  await says(lock.waiting$, 1);
  await held.release();
  const [valid, token] = await thread.result();
  expect([valid, Number(token) > Number(held.token)]).toEqual([true, true]);
});

it('excludes other workers and main, to an exact sum', async () => {
  const redis = new Redis(server.url);
  const threads = [1, 2].map(() => start('count', server.url, namespace, 'sum', 40));
  for (let i = 0; i < 40; i++) {
    const held = await machines.lock('sum').hold();
    const now = Number(await redis.get('sum'));
    await redis.set('sum', now + 1);
    await held.release();
  }
  await Promise.all(threads.map((thread) => thread.result()));
  expect(await redis.get('sum')).toBe('120');
  redis.disconnect();
});

it('gives up after the timeout, and at once where it must not wait', async () => {
  const held = await machines.lock('late').hold();
  const asked = [{ timeout: 20 }, { blocking: false }, { timeout: 0 }];
  const threads = asked.map((options) => start('acquire', server.url, namespace, 'late', options));
  expect(await Promise.all(threads.map((thread) => thread.result()))).toEqual([false, false, false]);
  await expect(
    start<[boolean, number]>('hold', server.url, namespace, 'late', 20).result(),
  ).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  await says(machines.lock('late').waiting$, 0);
  await held.release();
});

it('fails when its session ends meanwhile, and may wait again at once', async () => {
  const redis = new Redis(server.url);
  const lock = machines.lock('over');
  const held = await lock.hold();
  const thread = start('holdAgain', server.url, namespace, 'over');
  await says(lock.waiting$, 1);
  const { things } = await machines.snapshot();
  const session = things.find(({ name }) => name === 'over')?.waiters[0]?.session ?? '';
  await redis.zadd(`{${namespace}}:ses`, 1, session);
  await heard(lock.waiting$, (waiting) => waiting === 0);
  await says(lock.waiting$, 1);
  await held.release();
  expect(await thread.result()).toEqual(['ERR_LOCK_LOST', true, true]);
  redis.disconnect();
});

it('fails when its keeper has failed', async () => {
  const held = await machines.lock('alone').hold();
  const thread = start('holdWithoutKeeper', server.url, namespace, 'alone');
  expect(await thread.result()).toEqual(['ERR_LOCK_LOST', 'ERR_LOCK_LOST', true]);
  await held.release();
});

it('is left when the thread is cancelled', async () => {
  const held = await machines.lock('cancelled').hold();
  const thread = start<[boolean, number]>('hold', server.url, namespace, 'cancelled', 60_000);
  await says(machines.lock('cancelled').waiting$, 1);
  thread.cancel();
  await expect(thread.result()).rejects.toMatchObject({ code: 'ERR_THREAD_CANCELLED' });
  await says(machines.lock('cancelled').waiting$, 0);
  await held.release();
});

it('is told at once of a worker that was killed with the lock, in its process and in another', async () => {
  for (const elsewhere of [false, true]) {
    const name = `killed ${elsewhere}`;
    const thread = start('keep', server.url, namespace, name);
    await says(machines.lock(name).locked$, true);
    const other = new Machine({
      url: server.url,
      namespace,
      lease: 10_000,
      name: 'other',
      lock: name,
      grace: false,
    });
    const next = elsewhere
      ? other.ask('hold').then(({ failed }) => failed)
      : machines
          .lock(name)
          .hold()
          .then(
            () => 'held',
            (error: unknown) => (error as Error).name,
          );
    await says(machines.lock(name).waiting$, 1);
    // Who waits looks at its neighbours once it has waited for a moment.
    await pause(100);
    const killed = performance.now();
    await thread.terminate();
    expect(await next).toBe('OwnerDiedError');
    // Of a lease of a minute.
    expect(performance.now() - killed).toBeLessThan(3000);
    await other.end();
  }
});

it('enters an rlock again, and has permits of a semaphore', async () => {
  expect(await start('enterTwice', server.url, namespace, 'rlock').result()).toEqual([2, 0, true]);
  expect(await start('permit', server.url, namespace, 'permit').result()).toEqual([false, true]);
});

it('waits for an event', async () => {
  const event = machines.event('event');
  expect(await start('waitFor', server.url, namespace, 'event', { timeout: 10 }).result()).toBe(false);
  const thread = start('waitFor', server.url, namespace, 'event', {});
  await lastValueFrom(
    machines
      .snapshot$({ every: 5 })
      .pipe(takeWhile(({ things }) => !things.some(({ name }) => name === 'event'), true)),
  );
  await Promise.all([event.set(), event.clear()]);
  expect(await thread.result()).toBe(true);
});

it('meets at a barrier, where the action runs in the thread that came last', async () => {
  const threads = [1, 2].map(() => start<number[]>('meet', server.url, namespace, 'plain', 10, false));
  const [one, two] = await Promise.all(threads.map((thread) => thread.result()));
  for (let round = 0; round < 10; round++) expect([one?.[round], two?.[round]].sort()).toEqual([0, 1]);
  const acting = [1, 2].map(() => start<number[]>('meet', server.url, namespace, 'acting', 10, true));
  const acted = (await Promise.all(acting.map((thread) => thread.result()))).map((seen) => seen.at(-1) ?? 0);
  expect(acted.reduce((sum, times) => sum + times, 0)).toBe(10);
});
