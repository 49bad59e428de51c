import { availableParallelism } from 'node:os';
import { ThreadPool } from './thread-pool.js';

/** ms an idle worker is kept. */
const KEPT_MS = 10_000;

let pool: ThreadPool | undefined;

/** Of this thread, for whoever names none; made when it is first needed. Idle, it keeps nobody alive. */
export function defaultPool(): ThreadPool {
  if (pool === undefined || pool.closed) {
    pool = new ThreadPool({
      name: 'default pool',
      maxThreads: availableParallelism(),
      idleTimeout: KEPT_MS,
    });
  }
  return pool;
}
