import { ThreadPool, threadModule } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';

/** A process that serves the pool `jobs`, until it is killed or told to close. */
const { url, namespace, lease, concurrency } = JSON.parse(process.argv[2]);
const machines = new Machines({ connection: url, namespace, lease });
const pool = new ThreadPool({ maxThreads: 2 });
const module = threadModule(new URL('jobs.targets.js', import.meta.url));
const serving = machines.serve('jobs', { module, pool, concurrency });
process.on('message', async ({ close }) => {
  await serving.close(close);
  await machines.close();
  await pool.close();
  process.disconnect();
});
