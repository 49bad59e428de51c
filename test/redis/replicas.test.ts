import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { firstValueFrom } from 'rxjs';
import type { EngineError } from 'rxjs-threading/redis';
import { describe, expect, it } from 'vitest';
import { targets } from '../support/job-farm.js';
import { endMachines, Machine } from '../support/machine.js';
import { onRedis } from '../support/on-redis.js';
import { redisServer, replicaOf } from '../support/redis-server.js';
import { tcpProxy } from '../support/tcp-proxy.js';

const redis = onRedis();

/** Their ids. */
async function connections(client: Redis): Promise<readonly string[]> {
  return String(await client.client('LIST')).match(/^id=\d+/gm) ?? [];
}

async function waitsOf(client: Redis): Promise<number> {
  return Number(/cmdstat_wait:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);
}

it('an engine that has not heard of the last hand-over has the owner of before: the one who is has it back', async () => {
  const [one, two] = [await redisServer(), await redisServer()];
  const replica = await replicaOf(one, two);
  const link = await tcpProxy(one.port);
  const base = { namespace: 'faults', lease: 5000, lock: 'x', url: link.url };
  const before = await Machine.start({ ...base, name: 'before' });
  const owner = await Machine.start({ ...base, name: 'owner' });
  await before.do('hold');
  while ((await replica.hlen('{faults}:h:l:x')) === 0) await pause(20);
  await replica.replicaof('NO', 'ONE');
  await before.do('release');
  const { token } = await owner.do('hold');
  // Its keeper knows of it by then.
  await pause(1000);
  await one.stop('SIGKILL');
  link.turn(two.port);
  while ((await replica.hvals('{faults}:h:l:x'))[0] !== token) await pause(20);
  while ((await owner.do('look')).valid !== true) await pause(20);
  expect(owner.said.filter((said) => said.lost !== undefined)).toEqual([]);
  await endMachines();
  replica.disconnect();
  await link.close();
  await two.stop('SIGKILL');
});

it('a job that is asked for while its primary has become a replica waits for the next primary', async () => {
  const [one, two] = [await redisServer(), await redisServer()];
  const link = await tcpProxy(one.port);
  const machines = redis.machines({ connection: link.url, namespace: 'demoted', lease: 2000 });
  machines.serve('jobs', { module: targets });
  const pool = machines.pool('jobs');
  expect(await pool.run(targets.echo, [1])).toBe(1);
  const demoted = new Redis(one.url);
  await demoted.replicaof('127.0.0.1', two.port);
  const jobs = Promise.all([2, 3].map((n) => firstValueFrom(pool.run(targets.echo, [n]))));
  // Refused by then, as often as it was sent.
  while (!/rejected_calls=[1-9]|failed_calls=[1-9]/.test(await demoted.info('commandstats'))) await pause(20);
  link.turn(two.port);
  expect(await jobs).toEqual([2, 3]);
  await machines.close();
  demoted.disconnect();
  await link.close();
  for (const server of [one, two]) await server.stop('SIGKILL');
});

describe('replicas', () => {
  it('of another primary than the one that has granted it do not count', async () => {
    const [one, two, three] = [await redisServer(), await redisServer(), await redisServer()];
    const [client, replica] = [new Redis(one.url), await replicaOf(two, three)];
    const link = await tcpProxy(one.port);
    const machines = redis.machines({ connection: link.url, replicas: 1 });
    const hold = (name: string) =>
      firstValueFrom(machines.lock(name).hold()).catch((thrown: unknown) => thrown);
    const first = hold('a');
    let waiting: string | undefined;
    while (waiting === undefined) {
      await pause(5);
      waiting = /^id=(\d+) .*cmd=wait/m.exec(String(await client.client('LIST')))?.[1];
    }
    link.turnOthers(two.port);
    await client.client('KILL', 'ID', waiting);
    expect(await first).toMatchObject({ message: '0 replicas have the grant of a, 1 were asked for' });
    expect(await hold('b')).toMatchObject({
      message: '0 replicas have the grant of b, 1 were asked for',
      cause: { message: 'two incarnations answer' },
    });
    while ((await client.exists('{test}:h:l:a', '{test}:h:l:b')) > 0) await pause(5);
    await machines.close();
    for (const each of [client, replica]) each.disconnect();
    await link.close();
    for (const server of [one, two, three]) await server.stop('SIGKILL');
  });

  it('are not heard of as all connections end: what is given back then is sent by the next', async () => {
    const [one, two] = [await redisServer(), await redisServer()];
    const client = new Redis(one.url);
    const link = await tcpProxy(one.port);
    const machines = redis.machines({ connection: link.url, replicas: 1 });
    const hold = firstValueFrom(machines.lock('a').hold()).catch((thrown: unknown) => thrown);
    while (!/cmd=wait/.test(String(await client.client('LIST')))) await pause(5);
    link.turn(two.port);
    expect(await hold).toMatchObject({ message: '0 replicas have the grant of a, 1 were asked for' });
    await machines.snapshot();
    await machines.close();
    client.disconnect();
    await link.close();
    for (const server of [one, two]) await server.stop('SIGKILL');
  });

  it('must have a grant before it counts; else it is given back, and the wait fails', async () => {
    const primary = await redisServer();
    const client = new Redis(primary.url);
    const machines = redis.machines({ connection: primary.url, replicas: 1 });
    const lock = machines.lock('x');
    const error = await lock.hold().then(
      () => undefined,
      (thrown: unknown) => thrown as EngineError,
    );
    expect(error).toMatchObject({
      code: 'ERR_ENGINE',
      message: '0 replicas have the grant of x, 1 were asked for',
    });
    while ((await client.exists('{test}:h:l:x')) > 0) await pause(5);
    const cut = firstValueFrom(lock.hold()).catch((thrown: unknown) => thrown);
    while (!/cmd=wait/.test(String(await client.client('LIST')))) await pause(5);
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await cut).toMatchObject({
      message: '0 replicas have the grant of x, 1 were asked for',
      cause: { code: 'ERR_ENGINE', outOfReach: true },
    });
    const second = await redisServer();
    const replica = await replicaOf(primary, second);
    const held = await lock.hold();
    expect(held.valid).toBe(true);
    expect(await replica.hvals('{test}:h:l:x')).toEqual([`${held.token}`]);
    await held.release();
    await machines.close();
    const many = redis.machines({ connection: primary.url, replicas: 1 });
    await many.open();
    const before = await connections(client);
    const waits = await waitsOf(client);
    await Promise.all(Array.from({ length: 20 }, (_, nth) => many.lock(`many${nth}`).hold()));
    // One for all that wait for replicas, and one WAIT for all that it finds granted.
    const more = (await connections(client)).filter((id) => !before.includes(id));
    expect(more).toHaveLength(1);
    expect((await waitsOf(client)) - waits).toBeLessThan(5);
    await many.close();
    for (const one of [client, replica]) one.disconnect();
    await second.stop();
    await primary.stop();
  });
});
