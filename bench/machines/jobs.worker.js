import { fileURLToPath } from 'node:url';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Piscina } from 'piscina';
import { ThreadPool, threadModule } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';

/**
 * A process that runs the jobs of all contenders, as many at once: ours in a thread, BullMQ's in its loop, where a body that
 * computes keeps the leases of the others from being renewed, and BullMQ's in a thread, as who has such bodies would write it:
 * bare, and with what ours have, a token that rises with each run and a cancel that reaches the body.
 */
const port = Number(process.argv[2]);
const CONCURRENCY = 50;
const machines = new Machines({ connection: `redis://127.0.0.1:${port}`, namespace: 'bench', grace: false });
const pool = new ThreadPool({ maxThreads: 1, minThreads: 1 });
const module = threadModule(new URL('jobs.targets.js', import.meta.url));
machines.serve('ours', { module, pool, concurrency: CONCURRENCY });
const connection = { port, maxRetriesPerRequest: null };
const filename = fileURLToPath(new URL('jobs.targets.js', import.meta.url));
const piscina = new Piscina({ filename, name: 'echo', minThreads: 1, maxThreads: 1 });
const [commands, ears] = [new Redis(connection), new Redis(connection)];
const running = new Map();
await ears.subscribe('cancels');
ears.on('message', (_channel, id) => running.get(id)?.abort());

async function alike(job) {
  const cancel = new AbortController();
  running.set(job.id, cancel);
  try {
    const token = await commands.incr('token');
    return await piscina.run({ n: job.data.n, token }, { name: 'fenced', signal: cancel.signal });
  } finally {
    running.delete(job.id);
  }
}

const bodies = { inline: async (job) => job.data.n, threaded: (job) => piscina.run(job.data.n), alike };
for (const [name, body] of Object.entries(bodies))
  await new Worker(name, body, { connection, concurrency: CONCURRENCY }).waitUntilReady();
process.once('disconnect', () => process.exit());
