import { Worker } from 'bullmq';
import { ThreadPool, threadModule } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';

/** A process that runs the jobs of both contenders, as many at once: ours in a thread, BullMQ's in its loop. */
const port = Number(process.argv[2]);
const CONCURRENCY = 50;
const machines = new Machines({ connection: `redis://127.0.0.1:${port}`, namespace: 'bench', grace: false });
const pool = new ThreadPool({ maxThreads: 1, minThreads: 1 });
const module = threadModule(new URL('jobs.targets.js', import.meta.url));
machines.serve('ours', { module, pool, concurrency: CONCURRENCY });
const connection = { port, maxRetriesPerRequest: null };
const worker = new Worker('theirs', async (job) => job.data.n, { connection, concurrency: CONCURRENCY });
await worker.waitUntilReady();
process.on('message', () => process.exit());
