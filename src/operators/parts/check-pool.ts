import { ThreadPool } from '../../pool/jobs/thread-pool.js';
import { show } from '../../primitives/options.js';

/** A ThreadPool as a user hands it in: without what is the library's own. */
export type PoolLike = Omit<ThreadPool, 'maxThreads' | 'free' | 'queued' | 'closed'>;

/** @throws TypeError */
export function checkPool(pool: unknown): asserts pool is ThreadPool {
  if (!(pool instanceof ThreadPool)) throw new TypeError(`pool must be a ThreadPool, got ${show(pool)}`);
}
