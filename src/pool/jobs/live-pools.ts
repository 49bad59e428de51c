import type { Dispatcher } from './dispatcher.js';

/** By the pool's number, the pools of this thread that were not collected, for those who look for a job in all of them. */
const pools = new Map<number, WeakRef<Dispatcher>>();
const collected = new FinalizationRegistry<number>((pool) => pools.delete(pool));

/** Called as a pool is made. */
export function rememberPool(pool: number, jobs: Dispatcher): void {
  pools.set(pool, new WeakRef(jobs));
  collected.register(jobs, pool);
}

export function* livePools(): Iterable<readonly [pool: number, jobs: Dispatcher]> {
  for (const [pool, ref] of pools) {
    const jobs = ref.deref();
    if (jobs !== undefined) yield [pool, jobs];
  }
}
