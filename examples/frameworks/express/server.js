import { once } from 'node:events';
import express from 'express';
import { ThreadPool, threadModule } from 'rxjs-threading';
import { monitorHandler } from 'rxjs-threading/monitor';

const jobs = threadModule(new URL('./jobs.js', import.meta.url));
const pool = new ThreadPool({ name: 'primes', maxThreads: 2, maxQueue: 4 });
const app = express();

/** Aborted when the client goes away before it has its answer. */
function left(response) {
  const leaving = new AbortController();
  response.once('close', () => leaving.abort());
  return leaving.signal;
}

app.get('/primes/:below', async (request, response) => {
  const signal = left(response);
  const primes = await pool.run(jobs.countPrimes, [Number(request.params.below)], { signal });
  response.json({ primes });
});

app.get('/stats', (_request, response) => {
  response.json(pool.stats);
});

// For this machine alone: for another one, give a token.
app.use('/threads', monitorHandler({ watch: [pool] }));

app.use((error, _request, response, next) => {
  if (response.closed) return; // nobody is there to be told
  if (error.code !== 'ERR_POOL') return next(error);
  response.status(503).set('Retry-After', '1').json({ error: 'all workers are busy' });
});

const server = app.listen(Number(process.env.PORT ?? 3000));

await once(process, 'SIGTERM');
server.close(); // takes no new connections
await pool.close(); // lets what was accepted finish
