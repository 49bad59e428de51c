import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { type RedisServer, redisServer, replicaOf } from './redis-server.js';

/** A primary, its replica, and Sentinels that watch them. */
export interface Watched extends AsyncDisposable {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];
  /** Of a Machines. */
  readonly connection: RedisOptions;
  /** Resolves once the replica is the primary. */
  promoted(): Promise<void>;
}

/** Starts them, and resolves once all know each other. A primary that is silent for a second is down. */
export async function watched(count = 1): Promise<Watched> {
  const [primary, replica] = [await redisServer(), await redisServer()];
  const follower = await replicaOf(primary, replica);
  const sentinels = await Promise.all(Array.from({ length: count }, () => sentinel(primary.port, count)));
  for (const one of sentinels) {
    const asked = new Redis(one.url);
    const rows = async (what: string) => ((await asked.call('SENTINEL', what, 'one')) as unknown[]).length;
    while ((await rows('replicas')) < 1 || (await rows('sentinels')) < count - 1) await pause(20);
    asked.disconnect();
  }
  return {
    primary,
    replica,
    sentinels,
    connection: { sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })), name: 'one' },
    async promoted() {
      while (!/role:master/.test(await follower.info('replication'))) await pause(20);
    },
    async [Symbol.asyncDispose]() {
      follower.disconnect();
      for (const one of [...sentinels, primary, replica]) await one.stop('SIGKILL');
    },
  };
}

/**
 * One that takes the server on the port for the primary, whatever that has become.
 *
 * @param count - of all that watch it; without so many it names no other
 */
export function sentinel(port: number, count: number): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), 'sentinel-'));
  const config = join(dir, 'sentinel.conf');
  const directives = [
    `sentinel monitor one 127.0.0.1 ${port} ${Math.ceil((count + 1) / 2)}`,
    'sentinel down-after-milliseconds one 1000',
    'sentinel failover-timeout one 3000',
  ];
  writeFileSync(config, directives.join('\n'));
  return redisServer({ config, dir, args: ['--sentinel'] });
}
