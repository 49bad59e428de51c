import { once } from 'node:events';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { ThreadPool, threadModule } from 'rxjs-threading';
import { monitorHandler } from 'rxjs-threading/monitor';

const jobs = threadModule(new URL('./jobs.js', import.meta.url));
const pool = new ThreadPool({ name: 'primes', maxThreads: 2, maxQueue: 4 });
const app = new Hono();

app.get('/primes/:below', async (context) => {
  // Aborted when the client goes away before it has its answer.
  const { signal } = context.req.raw;
  const primes = await pool.run(jobs.countPrimes, [Number(context.req.param('below'))], { signal });
  return context.json({ primes });
});

app.get('/stats', (context) => context.json(pool.stats));

// Listens on loopback alone, because `fetch` does not tell a monitor who asks: for other machines, give a token.
const monitor = monitorHandler({ watch: [pool] });
app.all('/threads/*', (context) => monitor.fetch(context.req.raw));

app.onError((error, context) => {
  if (error.code !== 'ERR_POOL') return context.json({ error: error.message }, 500);
  context.header('retry-after', '1');
  return context.json({ error: 'all workers are busy' }, 503);
});

const server = serve({
  fetch: app.fetch,
  hostname: '127.0.0.1',
  port: Number(process.env.PORT ?? 3000),
});

await once(process, 'SIGTERM');
monitor.close(); // ends the streams of the page, which would go on for ever
server.close(); // lets the requests that it has finish
await once(server, 'close');
await pool.close();
