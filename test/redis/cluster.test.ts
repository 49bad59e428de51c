// A node of a Cluster, addressed as if it was alone.
import { Redis } from 'ioredis';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Farm, targets, until } from '../support/job-farm.js';
import { freePort, type RedisServer, redisServer } from '../support/redis-server.js';

/** Of two, the second has all that is in the Cluster. */
let nodes: readonly [RedisServer, RedisServer];
let buses: readonly [number, number];
beforeAll(async () => {
  buses = [await freePort(), await freePort()];
  const node = (bus: number) =>
    redisServer({
      args: ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`, '--maxmemory-policy', 'noeviction'],
    });
  nodes = [await node(buses[0]), await node(buses[1])];
  const [none, all] = nodes.map(({ url }) => new Redis(url)) as [Redis, Redis];
  await all.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await none.call('CLUSTER', 'MEET', '127.0.0.1', nodes[1].port, buses[1]);
  for (const one of [none, all]) {
    await until(async () => /cluster_state:ok/.test(String(await one.cluster('INFO'))));
    one.disconnect();
  }
});
afterAll(() => Promise.all(nodes.map((node) => node.stop())));

test('the primary of the shard that has the namespace is used as any engine', async () => {
  await using farm = new Farm(nodes[1]);
  farm.serve();
  await (await farm.machines.lock('x').hold()).release();
  expect(await farm.pool.run(targets.echo, [1])).toBe(1);
  expect(farm.errors).toEqual([]);
});

test('at another node each first call is an error that says what to do', async () => {
  await using farm = new Farm(nodes[0]);
  const { machines, pool } = farm;
  const what = new RegExp(
    `Cluster: connect to the primary of its shard, 127\\.0\\.0\\.1:${nodes[1].port} now`,
  );
  for (const ask of [machines.open(), machines.lock('x').hold(), pool.run(targets.echo, [1]), pool.failed()])
    await expect(firstValueFrom<unknown>(ask)).rejects.toMatchObject({
      code: 'ERR_ENGINE',
      message: expect.stringMatching(what),
    });
  await expect(pool.timer(1, targets.echo, [1]).cancel()).rejects.toThrow(what);
  farm.serve();
  await until(() => farm.errors.some(({ message }) => what.test(message)));
});

/** By hand, as soon as both know of each other what that takes. */
async function failOver(from: Redis, to: Redis): Promise<void> {
  const id = await from.cluster('MYID');
  const epoch = async (one: Redis) => /current_epoch:\d+/.exec(String(await one.cluster('INFO')))?.[0];
  await until(async () => `${await from.cluster('NODES')}`.includes(` slave ${id}`));
  await until(async () => (await epoch(from)) === (await epoch(to)));
  await until(async () => /master_link_status:up/.test(await to.info('replication')));
  await to.call('CLUSTER', 'FAILOVER');
  await until(async () => /role:slave/.test(await from.info('replication')));
}

test('jobs wait out a failover by hand, until the node is the primary again', async () => {
  const [, all] = nodes;
  const bus = await freePort();
  const next = await redisServer({
    args: ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`, '--maxmemory-policy', 'noeviction'],
  });
  const [first, second] = [new Redis(all.url), new Redis(next.url)];
  try {
    await using farm = new Farm(all);
    farm.serve();
    expect(await farm.pool.run(targets.echo, [1])).toBe(1);
    await second.call('CLUSTER', 'MEET', '127.0.0.1', all.port, buses[1]);
    const id = await first.cluster('MYID');
    await until(() => second.cluster('REPLICATE', id).then(Boolean, () => false));
    await failOver(first, second);
    const asked = [
      farm.pool.run(targets.echo, [2]).then(),
      ...[3, 4].map((n) => farm.pool.run(targets.echo, [n]).then()),
      farm.pool.failed().then(({ length }) => length),
      farm.pool.timer(1, targets.echo, [5]).result().then(),
    ];
    await until(() => farm.errors.some(({ message }) => message === 'it is a replica'));
    await failOver(second, first);
    expect(await Promise.all(asked)).toEqual([2, 3, 4, 0, 5]);
  } finally {
    first.disconnect();
    second.disconnect();
    await next.stop();
  }
});
