import { availableParallelism } from 'node:os';
import { ThreadPool } from './thread-pool.js';

/** ms an idle worker is kept. */
const KEPT_MS = 10_000;

let pool: ThreadPool | undefined;

/** The pool of this thread for operators that were given none; made when it is first needed. Idle, it keeps no process alive. */
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
