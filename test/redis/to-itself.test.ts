import net, { createConnection, type Socket } from 'node:net';
import * as ioredis from 'ioredis';
import { expect, it, vi } from 'vitest';
import { type Address, connect, open } from '../../src/redis/redis-connection.js';
import { freePort } from '../support/redis-server.js';

/** As the kernel connects, once in some thousand times, where nobody listens on a port that it may give away. */
async function toItself(): Promise<Address> {
  const port = await freePort();
  class Connector {
    #stream: Socket | undefined;

    check(): boolean {
      return true;
    }

    async connect(): Promise<Socket> {
      this.#stream = createConnection({ host: '127.0.0.1', port, localPort: port });
      return this.#stream;
    }

    disconnect(): void {
      this.#stream?.end();
    }
  }
  return { Connector: Connector as never };
}

it('a connection of locks that is connected to itself is out of reach', async () => {
  await expect(connect(await toItself(), 1000, new AbortController().signal)).rejects.toMatchObject({
    message: expect.stringMatching(/^nobody listens on 127\.0\.0\.1:\d+: it was connected to itself$/),
    outOfReach: true,
  });
});

it('one of jobs is never ready', async () => {
  const seen: string[] = [];
  const redis = open(ioredis, await toItself(), { retryStrategy: () => null }, true);
  redis.on('ready', () => seen.push('ready')).on('error', ({ message }) => seen.push(message));
  await new Promise((resolve) => redis.once('end', resolve));
  expect(seen).toEqual([expect.stringMatching(/connected to itself$/)]);
});

it('one to a Sentinel is passed over', async () => {
  const sentinel = { host: '127.0.0.1', port: await freePort() };
  const real = net.createConnection as (options: object) => Socket;
  const toItself = (options: unknown) => real({ ...(options as object), localPort: sentinel.port });
  const connecting = vi.spyOn(net, 'createConnection').mockImplementation(toItself);
  try {
    const address: Address = { sentinels: [sentinel], name: 'one' };
    await expect(connect(address, 1000, new AbortController().signal)).rejects.toMatchObject({
      message: expect.stringContaining('All sentinels are unreachable'),
      outOfReach: true,
    });
    expect(connecting).toHaveBeenCalledOnce();
  } finally {
    connecting.mockRestore();
  }
});
