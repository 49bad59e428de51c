// Workers have what is loaded by `--require`, too: it hooks into `require`.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Lock, Thread, ThreadPool, threadModule } from 'rxjs-threading';

const jobs = threadModule<typeof import('./jobs')>(join(__dirname, 'jobs.ts'));

async function main(): Promise<void> {
  const lock = new Lock();
  const thread = new Thread({ target: jobs.twice, args: [lock, 21], name: 'of a module' });
  assert.equal(await thread.start().result(), 'of a module 42');
  assert.equal(lock.locked(), true);
  const pool = new ThreadPool({ maxThreads: 1 });
  assert.match(await pool.run(jobs.twice, [new Lock(), 4]), / 8$/);
  assert.equal(await pool.run(async () => (await import('node:path')).basename('/a/b')), 'b');
  await pool.close();
  console.log('an inline target that imports, and a module');
}

main();
