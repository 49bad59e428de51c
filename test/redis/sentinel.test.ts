import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { firstValueFrom } from 'rxjs';
import { threadModule } from 'rxjs-threading';
import { Machines, type MachinesOptions } from 'rxjs-threading/redis';
import { afterEach, expect, it } from 'vitest';
import { commandsOf } from '../support/job-farm.js';
import { runFixture } from '../support/run-fixture.js';
import { sentinel, type Watched, watched } from '../support/sentinels.js';
import type * as Targets from './jobs.targets.js';

const targets = threadModule<typeof Targets>(new URL('./jobs.targets.js', import.meta.url));
const made = new Set<AsyncDisposable>();
afterEach(async () => {
  for (const one of made) await one[Symbol.asyncDispose]();
  made.clear();
});

/** Closed behind the test, before what it talks to. */
function machines(servers: Watched, options?: Partial<MachinesOptions>): Machines {
  const { connection } = servers;
  const one = new Machines({ connection, namespace: 'sentinel', lease: 8000, ...options });
  made.delete(servers);
  made.add(one).add(servers);
  return one;
}

/** A Machines that waits long for servers of its own, and the connection for commands of its jobs. */
async function patient() {
  const servers = await watched();
  const one = machines(servers, { lease: 600_000 });
  const pool = one.pool('jobs');
  return { servers, one, pool, commands: await commandsOf(pool) };
}

it.each(['SIGKILL', 'SIGSTOP'] as const)(
  'what is held outlives a primary that ends by %s, and locks and jobs go on with the next',
  async (signal) => {
    const servers = await watched();
    const [one, other] = [machines(servers), machines(servers)];
    await other.open();
    other.serve('jobs', { module: targets });
    const pool = one.pool('jobs');
    await pool.run(targets.echo, [1]);
    const held = await one.lock('x').hold();
    process.kill(servers.primary.pid, signal);
    const job = firstValueFrom(pool.run(targets.echo, [2]));
    const next = firstValueFrom(other.lock('x').hold());
    await servers.promoted();
    expect(await job).toBe(2);
    // Nobody has one before the grace is over, in which owners come back.
    await (await one.lock('y').hold()).release();
    expect(held.valid).toBe(true);
    await held.release();
    expect((await next).token).toBeGreaterThan(held.token);
    await (await next).release();
  },
);

it('a Sentinel that does not answer is passed over', async () => {
  const servers = await watched(3);
  process.kill(servers.sentinels[0]?.pid ?? 0, 'SIGSTOP');
  const one = machines(servers);
  one.serve('jobs', { module: targets });
  expect(await one.pool('jobs').run(targets.echo, [1])).toBe(1);
  await (await one.lock('x').hold()).release();
});

it('a Sentinel that takes a replica for the primary is passed over, also with a failoverDetector', async () => {
  const servers = await watched();
  // It never hears of so many that another is to be the primary.
  const stale = await sentinel(servers.replica.port, 9);
  made.add({ [Symbol.asyncDispose]: () => stale.stop('SIGKILL') });
  const [good] = servers.sentinels;
  const sentinels = [stale, good].map((one) => ({ host: '127.0.0.1', port: one?.port ?? 0 }));
  const one = machines(servers, { connection: { ...servers.connection, sentinels, failoverDetector: true } });
  one.serve('jobs', { module: targets });
  expect(await one.pool('jobs').run(targets.echo, [1])).toBe(1);
});

it('a failoverDetector goes on to hear of Sentinels, and ends with its Machines', async () => {
  const servers = await watched();
  const asking = new Redis(servers.sentinels[0]?.url ?? '');
  const hearing = async (): Promise<number[]> => {
    const told = `${await asking.client('LIST')}`.split('\n').filter((line) => / sub=1 /.test(line));
    return told.map((line) => Number(/\bid=(\d+)/.exec(line)?.[1]));
  };
  try {
    const connection = { ...servers.connection, failoverDetector: true };
    const one = machines(servers, { connection, lease: 4000 });
    one.serve('jobs', { module: targets });
    await one.pool('jobs').run(targets.echo, [1]);
    while ((await hearing()).length < 3) await pause(20);
    const before = await hearing();
    // Longer than a Sentinel may take for an answer.
    await pause(2500);
    expect(await hearing()).toEqual(expect.arrayContaining(before));
    await one.close();
    while ((await hearing()).length > 0) await pause(20);
  } finally {
    asking.disconnect();
  }
});

it('a failoverDetector keeps no process alive that is done', async () => {
  const servers = await watched(3);
  made.add(servers);
  process.kill(servers.sentinels[0]?.pid ?? 0, 'SIGKILL');
  const connection = JSON.stringify({ ...servers.connection, failoverDetector: true });
  for (const what of ['used', 'left'])
    expect(await runFixture('redis/ends.js', { args: [connection, what] })).toMatchObject({ code: 0 });
});

it('a Machines is closed at once while there is no primary', async () => {
  const servers = await watched();
  const one = machines(servers);
  one.serve('jobs', { module: targets });
  await one.pool('jobs').run(targets.echo, [1]);
  await one.lock('x').hold();
  const waiting = firstValueFrom(one.lock('x').hold()).catch((error) => error.reason);
  for (const { pid } of [servers.primary, servers.replica]) process.kill(pid, 'SIGKILL');
  await firstValueFrom(one.errors$);
  await one.close();
  expect(await waiting).toBe('closed');
});

it('a Machines is closed at once while it waits to connect, and nobody can say where', async () => {
  const { servers, one, pool, commands } = await patient();
  process.kill(servers.primary.pid, 'SIGKILL');
  const job = firstValueFrom(pool.run(targets.echo, [1])).catch(({ code }) => code);
  while (commands.status !== 'reconnecting') await pause(5);
  process.kill(servers.sentinels[0]?.pid ?? 0, 'SIGKILL');
  await one.close();
  expect(await job).toBe('ERR_POOL');
});

it('a Machines is closed at once while it asks a Sentinel that does not answer', async () => {
  const { servers, one, pool, commands } = await patient();
  await pool.failed();
  for (const { pid } of servers.sentinels) process.kill(pid, 'SIGSTOP');
  process.kill(servers.primary.pid, 'SIGKILL');
  while (commands.status !== 'connecting') await pause(5);
  const asked = firstValueFrom(pool.failed()).catch(({ code }) => code);
  await pause(50);
  const began = performance.now();
  await one.close();
  expect(await asked).toBe('ERR_POOL');
  // As long as a Sentinel has for its answer.
  expect(performance.now() - began).toBeLessThan(5000);
});

it('jobs go on where a failoverDetector hears of the next primary while a Sentinel is asked', async () => {
  const servers = await watched(3);
  const connection = { ...servers.connection, failoverDetector: true };
  const one = machines(servers, { connection, lease: 16_000 });
  one.serve('jobs', { module: targets });
  const pool = one.pool('jobs');
  expect(await pool.run(targets.echo, [1])).toBe(1);
  // By then it hears of them.
  await pause(1000);
  // As where both were on a machine.
  process.kill(servers.sentinels[0]?.pid ?? 0, 'SIGSTOP');
  process.kill(servers.primary.pid, 'SIGKILL');
  await servers.promoted();
  expect(await pool.run(targets.echo, [2])).toBe(2);
});
