import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue, QueueEvents } from 'bullmq';
import { threadModule } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';
import { checkEqual, interleave, median, row, scaled, timed } from '../harness.js';
import { redisServer } from './server.js';

const AGAINST = {
  inline: 'BullMQ, bodies in its loop',
  threaded: 'BullMQ, bodies in a Piscina',
  alike: 'the same, token and cancel',
};

const server = await redisServer();
const { port, dir } = server;
const worker = fork(fileURLToPath(new URL('jobs.worker.js', import.meta.url)), [`${port}`]);

const targets = threadModule(new URL('jobs.targets.js', import.meta.url));
const machines = new Machines({ connection: `redis://127.0.0.1:${port}`, namespace: 'bench', grace: false });
const pool = machines.pool('ours');
const connection = { port, maxRetriesPerRequest: null };
const kept = { removeOnComplete: { age: 60 }, removeOnFail: { age: 3600 } };

const ours = (n) => pool.run(targets.echo, [n]).then((one) => one);
checkEqual('a job of ours', await ours(1), 1);

class Theirs {
  constructor(name) {
    this.queue = new Queue(name, { connection });
    // From the first event on: it tells that it is ready before it hears new ones, and waits for a lost one for ever.
    this.events = new QueueEvents(name, { connection, lastEventId: '0-0' });
    this.queue.setMaxListeners(0);
    this.events.setMaxListeners(0);
  }

  one = async (n) => (await this.queue.add('echo', { n }, kept)).waitUntilFinished(this.events);

  async all(count) {
    const jobs = [];
    for (let n = 0; n < count; n += 500) {
      const some = Array.from({ length: Math.min(500, count - n) }, (_, at) => n + at);
      jobs.push(
        ...(await this.queue.addBulk(some.map((one) => ({ name: 'echo', data: { n: one }, opts: kept })))),
      );
    }
    return Promise.all(jobs.map((job) => job.waitUntilFinished(this.events)));
  }

  async close() {
    await this.queue.close();
    await this.events.close();
  }
}
const inline = new Theirs('inline');
const threaded = new Theirs('threaded');
const alike = new Theirs('alike');
for (const one of [inline, threaded, alike]) {
  await one.events.waitUntilReady();
  checkEqual('a job of theirs', await one.one(1), 1);
}

const JOBS = scaled(3000);
const flooded = (run) => () =>
  timed(async () => {
    const sum = (await run(JOBS)).reduce((all, n) => all + n, 0);
    checkEqual('sum', sum, (JOBS * (JOBS - 1)) / 2);
  });
const flood = await interleave(
  {
    ours: flooded((count) => Promise.all(Array.from({ length: count }, (_, n) => ours(n)))),
    inline: flooded((count) => inline.all(count)),
    threaded: flooded((count) => threaded.all(count)),
    alike: flooded((count) => alike.all(count)),
  },
  { rounds: 3 },
);
for (const [name, against] of Object.entries(AGAINST))
  row('a job of a flood of 3,000, 50 at once', flood.ours / JOBS, against, flood[name] / JOBS, 1);

const trips = (run) => async () => {
  const took = [];
  for (let n = 0; n < scaled(400); n++) took.push(await timed(() => run(n)));
  return median(took);
};
const trip = await interleave(
  { ours: trips(ours), inline: trips(inline.one), threaded: trips(threaded.one), alike: trips(alike.one) },
  { rounds: 3 },
);
for (const [name, against] of Object.entries(AGAINST))
  row('round trip of a job, p50', trip.ours, against, trip[name], 1.1);

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

worker.disconnect();
await machines.close();
await inline.close();
await threaded.close();
await alike.close();
await server.stop();
process.exit();
