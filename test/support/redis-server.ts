import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { endWithTest } from './children.js';

/** A redis-server of a test's own. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Where it keeps its files; give it to the next one to start with this one's data. */
  readonly dir: string;
  /** Ends it, by its pid, and resolves once it has. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/**
 * Starts a server that keeps nothing but in memory, and resolves once it listens.
 *
 * @param config - its file of directives
 * @param args - more of redis-server's own, such as `--appendonly yes`
 */
export async function redisServer(
  options: { port?: number; dir?: string; config?: string; args?: readonly string[] } = {},
): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'redis-'));
  const own = [
    ...(options.config === undefined ? [] : [options.config]),
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--dir',
    dir,
    '--loglevel',
    'warning',
    // Whoever begins to copy waits five seconds for others otherwise.
    '--repl-diskless-sync-delay',
    '0',
  ];
  const child = endWithTest(
    spawn('redis-server', [...own, ...(options.args ?? [])], { stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  let said = '';
  child.stdout.on('data', (data) => {
    said += data;
  });
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  let failed: Error | undefined;
  child.once('error', (error) => {
    failed = new Error('there is no redis-server: apt-get install -y redis-server', { cause: error });
  });
  child.once('close', () => {
    failed ??= new Error(`redis-server on port ${port} has ended: ${said}`);
  });
  while (!(await answers(port))) if (failed !== undefined) throw failed;
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    dir,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await gone;
    },
  };
}

/** A client of a server that is a replica of another from now on, and has what the other has. */
export async function replicaOf(primary: RedisServer, server: RedisServer): Promise<Redis> {
  const replica = new Redis(server.url);
  await replica.replicaof('127.0.0.1', primary.port);
  while (!/master_link_status:up/.test(await replica.info('replication'))) await pause(20);
  return replica;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const end = (yes: boolean) => {
      socket.destroy();
      setTimeout(resolve, yes ? 0 : 10, yes);
    };
    socket.once('data', (data) => end(/^(\+PONG|-NOAUTH)/.test(`${data}`)));
    socket.once('error', () => end(false));
  });
}
