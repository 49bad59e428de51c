// A BullMQ that has none of the commands which job-moves.ts adds to: the one that is installed, with these renamed.

import { createRequire } from 'node:module';
import type * as BullMQ from 'bullmq';
import { firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { heapUsed } from '../support/collect-garbage.js';
import { Farm, targets } from '../support/job-farm.js';
import { type RedisServer, redisServer } from '../support/redis-server.js';

interface Scripts {
  readonly [name: string]: { readonly name: string; readonly content: string; readonly keys: number };
}

const load = createRequire(import.meta.url);
const renamed = (name: string): string =>
  name.replace(/^moveTo/, 'bringTo').replace(/^add(?=.*Job\b)/, 'put');
let calls = 0;

function renameMoves(): void {
  const { RedisConnection, RedisQueueBackend } = load('bullmq') as typeof BullMQ;
  const scripts = load('bullmq/dist/cjs/scripts') as Scripts;
  const others = Object.fromEntries(
    Object.entries(scripts).map(([key, one]) => [key, { ...one, name: renamed(one.name) }]),
  );
  const connection = RedisConnection.prototype as unknown as {
    loadCommands(version: string, scripts?: Scripts): void;
  };
  const { loadCommands } = connection;
  connection.loadCommands = function (version) {
    loadCommands.call(this, version, others);
  };
  const backend = RedisQueueBackend.prototype as unknown as {
    execCommand(client: unknown, name: string, args: unknown): unknown;
  };
  const { execCommand } = backend;
  backend.execCommand = function (client, name, args) {
    if (name !== renamed(name)) calls++;
    return execCommand.call(this, client, renamed(name), args);
  };
}

let server: RedisServer;
beforeAll(async () => {
  renameMoves();
  server = await redisServer();
});
afterAll(() => server.stop());

test('where BullMQ has no such commands a run has a token, its end is told, and no result stays in memory', async () => {
  await using farm = new Farm(server, { pool: { keepResult: 0 } });
  const { pool } = farm;
  farm.serve();
  const tokens: bigint[] = [];
  for (let n = 0; n < 5; n++)
    tokens.push(BigInt(((await pool.run(targets.job)) as unknown as { token: string }).token));
  expect([...tokens].sort((a, b) => Number(a - b))).toEqual(tokens);
  expect(new Set(tokens).size).toBe(5);
  const before = heapUsed();
  for (let n = 0; n < 40; n++) expect(await pool.run(targets.text, [1_000_000])).toHaveLength(1_000_000);
  expect(heapUsed() - before).toBeLessThan(20_000_000);
  expect(calls).toBeGreaterThan(45);
  expect(farm.errors).toEqual([]);
});

test('where BullMQ has no such commands a timer with an id is refused, and one without runs', async () => {
  await using farm = new Farm(server);
  farm.serve();
  const { pool } = farm;
  expect(await pool.timer(1, targets.echo, [1]).result()).toBe(1);
  const named = pool.timer(1, targets.echo, [2], { id: 'two' }).result();
  const other = pool.run(targets.echo, [3]).then();
  await expect(firstValueFrom(named)).rejects.toThrow(
    'jobs takes no job: this bullmq can have no timer with an id',
  );
  expect(await other).toBe(3);
});
