import assert from 'node:assert/strict';
import { Lock, Thread, ThreadPool, threadModule } from 'rxjs-threading';
import { serveMonitor } from 'rxjs-threading/monitor';

const lock = new Lock();
const target = async (lock) => {
  const { of } = await import('rxjs');
  return lock.acquireSync() && typeof of;
};
assert.equal(await new Thread({ target, args: [lock] }).start().result(), 'function');
const jobs = threadModule(new URL('./jobs.mjs', import.meta.url));
assert.equal(await new Thread({ target: jobs.stream, name: 'of a module' }).start().result(), 'of a module');
const pool = new ThreadPool({ maxThreads: 1 });
assert.equal(await pool.run(() => 42), 42);
await pool.close();
const monitor = await serveMonitor({ port: 0 });
assert.match(await (await fetch(monitor.url)).text(), /<title>/);
await monitor.close();
