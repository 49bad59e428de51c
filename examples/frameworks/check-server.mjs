// What the check.mjs of every example asks of its server, by real requests and signals.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Minutes of work: who sees it end has seen it cancelled. */
const LONG = 400_000_000;
const DEADLINE = 60_000;

/**
 * @param {readonly string[]} command that begins the server, which listens on PORT
 * @param {(server: Server) => Promise<void>} [more] what only this example has
 */
export async function checkServer(command, more) {
  const server = await Server.start(command);
  try {
    await answers(server);
    await clientLeaves(server);
    await overload(server);
    await more?.(server);
    await ends(server);
  } finally {
    server.kill();
  }
}

async function answers(server) {
  assert.deepEqual(await (await server.get('/primes/1000')).json(), { primes: 168 });
  console.log('answers');
}

/** A connection that breaks costs the job that it asked for its worker's time no longer. */
async function clientLeaves(server) {
  const leave = new AbortController();
  const request = server.get(`/primes/${LONG}`, leave.signal);
  await server.until(({ busy }) => busy === 1);
  leave.abort();
  await assert.rejects(request, { name: 'AbortError' });
  await server.until(({ busy }) => busy === 0);
  console.log('a client that leaves cancels its job');
}

/** Two workers, four in the queue: of ten at once four are refused. */
async function overload(server) {
  const leave = new AbortController();
  const long = [1, 2].map(() => server.get(`/primes/${LONG}`, leave.signal).catch(() => undefined));
  await server.until(({ busy }) => busy === 2);
  const short = Array.from({ length: 8 }, () => server.get('/primes/10'));
  await server.until(({ queued }) => queued === 4);
  const refused = await Promise.any(short.map((response) => response.then(refusedOnly)));
  assert.equal(refused.headers.get('retry-after'), '1');
  leave.abort();
  await Promise.all(long);
  const statuses = (await Promise.all(short)).map(({ status }) => status);
  assert.deepEqual(statuses.toSorted(), [200, 200, 200, 200, 503, 503, 503, 503]);
  console.log('overload is 503');
}

function refusedOnly(response) {
  assert.equal(response.status, 503);
  return response;
}

/** The page of `rxjs-threading/monitor` is mounted at /threads. */
export async function monitored(server) {
  const page = await server.get('/threads/');
  assert.equal(page.status, 200);
  const [, script] = /src="\.\/(app-[\w-]+\.js)"/.exec(await page.text()) ?? [];
  assert.equal((await server.get(`/threads/${script}`)).status, 200);
  const { pools } = await (await server.get('/threads/inspect.json')).json();
  assert.deepEqual(
    pools.map(({ name }) => name),
    ['primes'],
  );
  console.log('shows itself');
}

/** What runs when the server is told to end still gets its answer. */
async function ends(server) {
  const last = server.get('/primes/2000000');
  await server.until(({ busy }) => busy === 1);
  server.process.kill('SIGTERM');
  assert.equal((await last).status, 200);
  if (!server.ended) await once(server.process, 'exit');
  // Nest ends by the signal itself and Next with its number, once they have done what it asks for.
  assert.ok([0, 143, 'SIGTERM'].includes(server.process.exitCode ?? server.process.signalCode));
  console.log('ends in order');
}

export class Server {
  /** The server once it accepts connections. */
  static async start([file, ...args]) {
    const port = await freePort();
    const env = { ...process.env, PORT: String(port), NODE_ENV: 'production' };
    const server = new Server(spawn(file, args, { env, stdio: 'inherit' }), `http://127.0.0.1:${port}`);
    await server.until(() => true);
    return server;
  }

  constructor(process, origin) {
    this.process = process;
    this.origin = origin;
  }

  get ended() {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** A connection of its own, so that none is kept open between requests. */
  get(path, signal = AbortSignal.timeout(DEADLINE)) {
    return fetch(this.origin + path, { signal, headers: { connection: 'close' } });
  }

  async stats() {
    return (await this.get('/stats')).json();
  }

  /** Asks for the pool's state until it is as it must be. */
  async until(holds) {
    const deadline = Date.now() + DEADLINE;
    for (let last = 'no answer'; ; await sleep(20)) {
      assert.ok(!this.ended, 'the server has ended');
      const stats = await this.stats().catch((error) => {
        last = String(error);
      });
      if (stats !== undefined && holds(stats)) return;
      if (stats !== undefined) last = JSON.stringify(stats);
      assert.ok(Date.now() < deadline, `never came true: ${holds}; last ${last}`);
    }
  }

  kill() {
    this.process.kill('SIGKILL');
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
