import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue, QueueEvents } from 'bullmq';
import { threadModule } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';
import { checkEqual, interleave, median, row, scaled, timed } from '../harness.js';

const AGAINST = 'BullMQ, waitUntilFinished';

const free = createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
const dir = mkdtempSync(join(tmpdir(), 'bench-jobs-'));
const own = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', dir];
const server = spawn('redis-server', [...own, '--maxmemory-policy', 'noeviction'], { stdio: 'ignore' });
const worker = fork(fileURLToPath(new URL('jobs.worker.js', import.meta.url)), [`${port}`]);

const targets = threadModule(new URL('jobs.targets.js', import.meta.url));
const machines = new Machines({ connection: `redis://127.0.0.1:${port}`, namespace: 'bench', grace: false });
const pool = machines.pool('ours');
const connection = { port, maxRetriesPerRequest: null };
const queue = new Queue('theirs', { connection });
const events = new QueueEvents('theirs', { connection });
events.setMaxListeners(0);
queue.setMaxListeners(0);
await events.waitUntilReady();
const kept = { removeOnComplete: { age: 60 }, removeOnFail: { age: 3600 } };

const ours = (n) => pool.run(targets.echo, [n]).then((one) => one);
const theirs = async (n) => (await queue.add('echo', { n }, kept)).waitUntilFinished(events);
checkEqual('a job of ours', await ours(1), 1);
checkEqual('a job of theirs', await theirs(1), 1);

const JOBS = scaled(3000);
const sumOf = (all) => all.reduce((sum, n) => sum + n, 0);
const flood = await interleave(
  {
    ours: () =>
      timed(async () => {
        const all = await Promise.all(Array.from({ length: JOBS }, (_, n) => ours(n)));
        checkEqual('sum', sumOf(all), (JOBS * (JOBS - 1)) / 2);
      }),
    theirs: () =>
      timed(async () => {
        const jobs = [];
        for (let n = 0; n < JOBS; n += 500) {
          const some = Array.from({ length: Math.min(500, JOBS - n) }, (_, at) => n + at);
          jobs.push(
            ...(await queue.addBulk(some.map((one) => ({ name: 'echo', data: { n: one }, opts: kept })))),
          );
        }
        const all = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
        checkEqual('sum', sumOf(all), (JOBS * (JOBS - 1)) / 2);
      }),
  },
  { rounds: 3 },
);
row('a job of a flood of 3,000, 50 at once', flood.ours / JOBS, AGAINST, flood.theirs / JOBS, 1);

const trips = (run) => async () => {
  const took = [];
  for (let n = 0; n < scaled(400); n++) took.push(await timed(() => run(n)));
  return median(took);
};
const trip = await interleave({ ours: trips(ours), theirs: trips(theirs) }, { rounds: 3 });
row('round trip of a job, p50', trip.ours, AGAINST, trip.theirs, 1.1);

/** ms from unsubscribing to the abort of the signal in the other process. */
async function cancel(nth) {
  const file = join(dir, `cancelled-${nth}`);
  const job = pool.run(targets.wait, [file]).subscribe();
  while (!existsSync(`${file}.began`)) await delay(2);
  const at = Date.now();
  job.unsubscribe();
  while (!existsSync(`${file}.ended`) || readFileSync(`${file}.ended`, 'utf8') === '') await delay(2);
  return Math.max(0.5, Number(readFileSync(`${file}.ended`, 'utf8')) - at);
}
const reached = [];
for (let nth = 0; nth < scaled(500); nth++) reached.push(await cancel(nth));
row('a cancel reaches the running body, p50', median(reached), 'meant to be below', 10, 1);

worker.send('end');
await machines.close();
await queue.close();
await events.close();
server.kill();
await once(server, 'exit');
rmSync(dir, { recursive: true, force: true });
process.exit();
