// README's first example, the bank, a pool and a kill.
import assert from 'node:assert/strict';
import { filter, firstValueFrom, forkJoin, lastValueFrom } from 'rxjs';
import { Lock, Thread, ThreadPool } from 'rxjs-threading';

const lock = new Lock();
const sum = new Int32Array(new SharedArrayBuffer(4));
function count(lock, sum) {
  for (let i = 0; i < 100_000; i++) {
    lock.acquireSync();
    sum[0]++;
    lock.release();
  }
}
const threads = [1, 2].map(() => new Thread({ target: count, args: [lock, sum] }).start());
await lastValueFrom(forkJoin(threads.map((thread) => thread.result())));
assert.equal(sum[0], 200_000);

const accounts = new Int32Array(new SharedArrayBuffer(8)).fill(1000);
function transfers(lock, accounts, from, to) {
  for (let i = 0; i < 10_000; i++) {
    lock.acquireSync();
    accounts[from] -= 1;
    accounts[to] += 1;
    lock.release();
  }
}
const tellers = [0, 1].map(
  (from) => new Thread({ target: transfers, args: [lock, accounts, from, 1 - from] }),
);
for (const teller of tellers) teller.start();
for (const teller of tellers) await teller.join();
assert.deepEqual([...accounts], [1000, 1000]);

const pool = new ThreadPool({ maxThreads: 2 });
const squares = [1, 2, 3, 4].map((n) => pool.run((n) => n * n, [n]));
assert.deepEqual(await Promise.all(squares), [1, 4, 9, 16]);
await pool.close();

const held = new Lock();
const holds = (lock) => {
  lock.acquireSync();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
const killed = new Thread({ target: holds, args: [held] }).start();
await firstValueFrom(held.locked$.pipe(filter((locked) => locked)));
await killed.terminate();
assert.equal(await killed.result().then(null, (error) => error.code), 'ERR_THREAD_DIED');
assert.equal(await held.acquire().then(null, (error) => error.code), 'ERR_OWNER_DIED');
assert.equal(await held.acquire({ timeout: 5000 }), true);
console.log('the first example, the bank, a pool and a kill');
