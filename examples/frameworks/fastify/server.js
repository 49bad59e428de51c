import { once } from 'node:events';
import Fastify from 'fastify';
import { ThreadPool, threadModule } from 'rxjs-threading';
import { monitorHandler } from 'rxjs-threading/monitor';

const jobs = threadModule(new URL('./jobs.js', import.meta.url));
const pool = new ThreadPool({ name: 'primes', maxThreads: 2, maxQueue: 4 });
const app = Fastify();

/** Aborted when the client goes away before it has its answer. */
function left(response) {
  const leaving = new AbortController();
  response.once('close', () => leaving.abort());
  return leaving.signal;
}

app.get('/primes/:below', async (request, reply) => {
  const signal = left(reply.raw);
  const primes = await pool.run(jobs.countPrimes, [Number(request.params.below)], { signal });
  return { primes };
});

app.get('/stats', () => pool.stats);

// For this machine alone: for another one, give a token.
const monitor = monitorHandler({ watch: [pool] });
app.all('/threads/*', (request, reply) => {
  reply.hijack();
  monitor(request.raw, reply.raw);
});

app.setErrorHandler((error, _request, reply) => {
  if (error.code !== 'ERR_POOL') return reply.send(error);
  reply.code(503).header('retry-after', '1').send({ error: 'all workers are busy' });
});

app.addHook('onClose', () => pool.close());

await app.listen({ port: Number(process.env.PORT ?? 3000) });

await once(process, 'SIGTERM');
await app.close(); // lets the requests that it has finish, then the hook closes the pool
