import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The server that REDIS_URL names, or one of our own, which ends with `stop`. */
export async function redis(): Promise<{ url: string; stop(): Promise<void> }> {
  const { REDIS_URL } = process.env;
  if (REDIS_URL !== undefined) return { url: REDIS_URL, stop: async () => {} };
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'redis-'));
  const own = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', dir];
  const server = spawn('redis-server', [...own, '--maxmemory-policy', 'noeviction'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // The first line of many comes when it is about to listen; whoever connects sooner tries again.
  await Promise.race([
    once(server.stdout, 'data'),
    once(server, 'error').then(([error]) => Promise.reject(error)),
  ]);
  const stop = async (): Promise<void> => {
    const gone = once(server, 'exit');
    server.kill();
    await gone;
    await rm(dir, { recursive: true, force: true });
  };
  return { url: `redis://127.0.0.1:${port}`, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error(`no port, but ${address}`);
  return address.port;
}
