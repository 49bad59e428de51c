// A redis-server, two Machines of one namespace, which lock each other out and run each other's jobs, and a restart between.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import { lastValueFrom, of, toArray } from 'rxjs';
import { threadModule, withLock } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';
import type * as Jobs from './jobs.js';

const free = createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address() as { port: number };
free.close();

async function start(): Promise<ChildProcess> {
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', args, { stdio: 'ignore' });
  await once(server, 'spawn');
  return server;
}

let server = await start();
process.once('exit', () => server.kill('SIGKILL'));
const connection = { port, host: '127.0.0.1' } satisfies RedisOptions;
const one = new Machines({ connection, namespace: 'consumer', lease: 2000 });
const two = new Machines({ connection: () => new Redis(connection), namespace: 'consumer', lease: 2000 });
const url = new Machines({ connection: `redis://127.0.0.1:${port}`, namespace: 'consumer', lease: 2000 });

const held = await one.lock('door').hold();
assert.equal(
  await two
    .lock('door')
    .hold({ timeout: 50 })
    .then(null, ({ name }) => name),
  'TimeoutError',
);
assert.equal(held.valid, true);
const waiting = two.lock('door').hold();
await held.release();
const next = await waiting;
assert.ok(next.token > held.token);
await next.release();
assert.equal(await lastValueFrom(of(1).pipe(withLock(url.lock('door')))), 1);

const jobs = threadModule<typeof Jobs>(new URL('jobs.js', import.meta.url));
const serving = two.serve('sums', { module: jobs, concurrency: 4 });
const pool = one.pool('sums');
assert.equal(await pool.run(jobs.add, [1, 2]), 3);
const values = await lastValueFrom(pool.stream(jobs.countTo, [1000]).pipe(toArray()));
assert.deepEqual([values.length, values.at(-1)], [1000, 1000]);
const told: unknown[] = [];
const token = await pool.run(jobs.tell, ['it'], { onProgress: (value) => told.push(value) });
assert.ok(BigInt(token) > 0n);
assert.deepEqual(told, ['began it']);
assert.equal(await pool.timer(20, jobs.add, [2, 3]).result(), 5);

const [event, set] = [one.event('go'), two.event('go')];
const heard = event.wait();
await set.set();
await heard;

// Memory is gone with it: what is held is still held, and jobs go on.
const kept = await one.lock('door').hold();
server.kill('SIGKILL');
await once(server, 'exit');
server = await start();
assert.equal(await pool.run(jobs.add, [3, 4]), 7);
const other = two
  .lock('door')
  .hold()
  .then(({ token }) => token);
await kept.release();
assert.ok((await other) > kept.token);

await serving.close();
for (const machines of [one, two, url]) await machines.close();
server.kill();
console.log('locks, jobs, streams, progress, timers, events, and an engine that forgot');
