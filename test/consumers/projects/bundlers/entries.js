// Entries of their own start threads of their own: these are in no bundle.
import { serveMonitor } from 'rxjs-threading/monitor';
import { Machines } from 'rxjs-threading/redis';

const tell = ({ code, message }) => console.log(code, message.includes('--external:rxjs-threading'));

for (const where of ['here', 'worker']) {
  const monitor = await serveMonitor({ port: 0, in: where }).catch(tell);
  if (monitor === undefined) continue;
  console.log(where, (await fetch(monitor.url)).status);
  await monitor.close();
}
const memory = new Machines({ connection: 'memory', namespace: 'bundled' });
console.log(await memory.lock('accounts').acquire());
await memory.close();
// Without ioredis it can start no more than that.
const machines = new Machines({ connection: 'redis://127.0.0.1:1', namespace: 'bundled' });
await machines.lock('accounts').hold().then(undefined, tell);
await machines.close();
