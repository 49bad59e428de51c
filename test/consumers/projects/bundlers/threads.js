import { lastValueFrom, of, range, toArray } from 'rxjs';
import { Lock, Thread, ThreadPool, threadMap, threadPipe } from 'rxjs-threading';

const lock = new Lock({ name: 'shared' });
const held = new Thread({ target: (lock) => lock.acquireSync() && lock.name, args: [lock] }).start();
console.log(await held.result(), lock.locked());
console.log(
  await lastValueFrom(
    range(1, 3).pipe(
      threadMap((n) => n * n),
      toArray(),
    ),
  ),
);
console.log(await lastValueFrom(of(1).pipe(threadPipe((source) => source))));
const pool = new ThreadPool({ maxThreads: 2 });
console.log(await pool.run(() => 'of a pool'));
const killed = new Thread({
  target: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
}).start();
await killed.terminate();
console.log(await killed.result().then(null, (error) => error.code));
await pool.close();
