import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { Lock } from 'rxjs-threading';
import { fence, LockLostError, type RemoteHeld, type RemoteLock } from 'rxjs-threading/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endWithTest } from '../support/children.js';
import { onRedis } from '../support/on-redis.js';
import { freePort } from '../support/redis-server.js';

const redis = onRedis();

/** An older owner's hold, which it still believes in, and a newer one's. */
async function twoOwners(): Promise<[RemoteHeld, RemoteHeld]> {
  const [lock] = redis.locks(1) as [RemoteLock];
  const older = await lock.hold();
  await older.release();
  return [older, await lock.hold()];
}

describe('fence.memory', () => {
  it('refuses an older token than it has seen', async () => {
    const [older, newer] = await twoOwners();
    const check = fence.memory();
    check(older);
    check(newer);
    check(newer);
    expect(() => check(older)).toThrow(LockLostError);
    expect(() => check(older)).toThrow(/has seen a newer owner than token \d+/);
  });

  it('goes on refusing it behind a Held that has no token', async () => {
    const [older, newer] = await twoOwners();
    const check = fence.memory();
    check(newer);
    for (const held of [await new Lock().hold(), undefined])
      expect(() => check(held as RemoteHeld)).toThrow(/held must be a RemoteHeld, got /);
    expect(() => check(older)).toThrow(LockLostError);
  });
});

describe('fence.redis', () => {
  it('runs commands until a newer token has been there, then none', async () => {
    const { client } = redis;
    const [older, newer] = await twoOwners();
    await fence.redis(
      client,
      older,
      'stock',
      ['SET', 'stock', 1],
      ['RPUSH', '{stock}:log', 'a', Buffer.from('b')],
    );
    await fence.redis(client, newer, 'stock', ['INCR', 'stock']);
    const refused = fence.redis(client, older, 'stock', ['INCR', 'stock']);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', token: older.token });
    expect([await client.get('stock'), await client.lrange('{stock}:log', 0, -1)]).toEqual(['2', ['a', 'b']]);
    expect(await client.get('{stock}:fence')).toBe(`${newer.token}`);
  });

  it('keeps its token in the slot of the key', async () => {
    const [, newer] = await twoOwners();
    await fence.redis(redis.client, newer, '{shop}:stock');
    expect(await redis.client.get('{shop}:stock:fence')).toBe(`${newer.token}`);
  });

  it('refuses what is no client, or no command', async () => {
    const [, newer] = await twoOwners();
    await expect(fence.redis(undefined, newer, 'x')).rejects.toThrow(
      /client must be an ioredis client, got undefined/,
    );
    const command = 'INCR' as unknown as string[];
    await expect(fence.redis(redis.client, newer, 'x', command)).rejects.toThrow(/a command must be a list/);
    const local = (await new Lock().hold()) as RemoteHeld;
    await expect(fence.redis(redis.client, local, 'x')).rejects.toThrow(
      /held must be a RemoteHeld, got Held/,
    );
    await expect(fence.redis(redis.client, newer, 1 as never)).rejects.toThrow(/key must be a string, got 1/);
  });

  it('runs nothing of what stands in a word', async () => {
    const [, newer] = await twoOwners();
    const { client } = redis;
    await client.set('{x}:other', 1);
    for (const word of [['a', 2, 'DEL', '{x}:other'], undefined, null, {}, new Uint8Array(1)])
      await expect(fence.redis(client, newer, 'x', ['SET', 'x', word])).rejects.toThrow(
        /a word of a command must be a string, a number or a Buffer, got /,
      );
    expect(await client.mget('x', '{x}:other')).toEqual([null, '1']);
  });

  it('runs none of the commands where one has more words than a script can pass', async () => {
    const [, newer] = await twoOwners();
    const many = (words: number) => ['RPUSH', 'x', ...Array<string>(words - 2).fill('a')];
    const refused = fence.redis(redis.client, newer, 'x', ['SET', '{x}:before', 1], many(7001));
    await expect(refused).rejects.toThrow('a command must have at most 7000 words, got 7001');
    expect(await redis.client.get('{x}:before')).toBe(null);
    await fence.redis(redis.client, newer, 'x', many(7000));
    expect(await redis.client.llen('x')).toBe(6998);
  });

  it('refuses a client whose keys are not those of the commands', async () => {
    const [, newer] = await twoOwners();
    const client = new Redis(redis.server.url, { keyPrefix: 'app:' });
    const refused = fence.redis(client, newer, 'stock', ['SET', 'stock', 1]);
    await expect(refused).rejects.toThrow(/client must have no keyPrefix, got 'app:'/);
    client.disconnect();
  });
});

describe('fence.sql', () => {
  it('refuses what is no transaction, no RemoteHeld or no name, before it asks', async () => {
    const [, newer] = await twoOwners();
    const query = () => Promise.reject(new Error('asked'));
    const local = (await new Lock().hold()) as RemoteHeld;
    await expect(fence.sql({} as never, newer)).rejects.toThrow(/transaction must have a query, got \{\}/);
    await expect(fence.sql({ query }, local, 'x')).rejects.toThrow(/held must be a RemoteHeld, got Held/);
    await expect(fence.sql({ query }, newer, 1 as never)).rejects.toThrow(/resource must be a string, got 1/);
  });
});

describe('fence.sql on Postgres', () => {
  const bin = '/usr/lib/postgresql/15/bin';
  let server: ChildProcess | undefined;
  let dir = '';
  let address = '';

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'postgres-'));
    // Postgres does not run as root.
    const user = userInfo().uid === 0 ? idsOf('postgres') : undefined;
    if (user !== undefined) chownSync(dir, user.uid, user.gid);
    const data = join(dir, 'data');
    try {
      execFileSync(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'postgres', '-N'], {
        ...user,
        stdio: 'pipe',
      });
    } catch (error) {
      throw new Error('there is no Postgres: apt-get install -y postgresql', { cause: error });
    }
    const port = await freePort();
    const own = ['-D', data, '-p', `${port}`, '-k', dir, '-h', '127.0.0.1', '-c', 'fsync=off'];
    server = endWithTest(spawn(join(bin, 'postgres'), own, { ...user, stdio: 'ignore' }));
    address = `postgres://postgres@127.0.0.1:${port}/postgres`;
    await untilUp(address);
  });

  afterAll(async () => {
    const ended = new Promise((resolve) => server?.once('exit', resolve));
    server?.kill('SIGINT');
    await ended;
  });

  async function connected(): Promise<Client> {
    const client = new Client(address);
    await client.connect();
    return client;
  }

  it('refuses an older owner, whose transaction rolls back, and makes a newer one wait for an open one', async () => {
    const [a, b] = [await connected(), await connected()];
    await a.query(fence.table);
    await a.query(fence.table);
    await a.query('CREATE TABLE account (n int)');
    await a.query('INSERT INTO account VALUES (0)');
    const [older, newer] = await twoOwners();

    await a.query('BEGIN');
    await fence.sql(a, older, 'account');
    await a.query('UPDATE account SET n = n + 1');
    const order: string[] = [];
    await b.query('BEGIN');
    const pending = fence.sql(b, newer, 'account').then(() => order.push('newer'));
    while ((await sleepers(a)) === 0);
    order.push('older');
    await a.query('COMMIT');
    await pending;
    await b.query('UPDATE account SET n = n + 10');
    await b.query('COMMIT');
    expect(order).toEqual(['older', 'newer']);

    await a.query('BEGIN');
    await expect(fence.sql(a, older, 'account')).rejects.toBeInstanceOf(LockLostError);
    await a.query('ROLLBACK');
    await fence.sql(b, newer, 'account');
    // By default the resource is the lock's name.
    await fence.sql(a, older);
    await fence.sql(b, newer);
    await expect(fence.sql(a, older)).rejects.toThrow(`${older.name} has seen a newer owner`);
    expect((await a.query('SELECT n FROM account')).rows).toEqual([{ n: 11 }]);
    await Promise.all([a.end(), b.end()]);
  });

  async function sleepers(client: Client): Promise<number> {
    const { rows } = await client.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    return rows.length;
  }
});

function idsOf(user: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function untilUp(address: string): Promise<void> {
  for (;;) {
    const client = new Client(address);
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
