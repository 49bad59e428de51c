import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => setTimeout(resolve, 10, false));
  });
}

/** A redis-server of a benchmark's own, which keeps nothing; its folder goes with the process. @throws where there is none */
export async function redisServer() {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'redis-bench-'));
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', dir, '--loglevel', 'warning'];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  let failed;
  child.once('error', (cause) => {
    failed = new Error('there is no redis-server: apt-get install -y redis-server', { cause });
  });
  process.once('exit', () => {
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  while (!(await listens(port))) if (failed !== undefined) throw failed;
  return {
    port,
    dir,
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await gone;
    },
  };
}

/** A port through which clients reach another, until it is turned to yet another. */
export async function turnableLink(to) {
  let target = to;
  const sockets = new Set();
  const server = createServer((from) => {
    const there = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [from, there],
      [there, from],
    ]) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: server.address().port,
    turn(other) {
      target = other;
      cut();
    },
    close() {
      server.close();
      cut();
    },
  };
}
