// One of the processes that serve the pool: killed at any moment, and nothing is lost.
import { ThreadPool, threadModule } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';

const [url = 'redis://localhost', lease = '2000'] = process.argv.slice(2);
const machines = new Machines({ connection: url, namespace: 'farm', lease: Number(lease), grace: false });
machines.serve('stamps', {
  module: threadModule<typeof import('./jobs.worker.js')>(new URL('./jobs.worker.js', import.meta.url)),
  pool: new ThreadPool({ maxThreads: 2 }),
  concurrency: 8,
});
