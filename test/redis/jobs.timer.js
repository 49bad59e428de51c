import { threadModule } from 'rxjs-threading';
import { Machines } from 'rxjs-threading/redis';

/** A process that makes a timer of each id that it is sent, and says so. */
const { url, namespace, lease } = JSON.parse(process.argv[2]);
const targets = threadModule(new URL('jobs.targets.js', import.meta.url));
const pool = new Machines({ connection: url, namespace, lease }).pool('jobs');
await pool.failed();
process.on('message', async (id) => {
  await pool.timer(60_000, targets.echo, [id], { id }).result({ timeout: 300 });
  process.send('made');
});
process.send('ready');
