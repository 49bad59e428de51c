import { nextPrimitiveId } from '../../primitives/threads/table.js';
import type { PoolStats } from '../thread/job-pool.js';

/** A ThreadPool, for whoever tells of all pools. */
export interface ListedPool {
  readonly name: string;
  readonly maxThreads: number;
  /** Infinity: as many as come. */
  readonly maxQueue: number;
  readonly stats: PoolStats;
  /** Idents of the jobs that are threads. */
  idents(): number[];
}

const pools = new Set<WeakRef<ListedPool>>();
const ids = new WeakMap<ListedPool, number>();

/** Called as a pool is made. */
export function listPool(pool: ListedPool): void {
  pools.add(new WeakRef(pool));
}

/** The pools of this thread, those that are closed and still in use included. */
export function listedPools(): ListedPool[] {
  const living: ListedPool[] = [];
  for (const ref of pools) {
    const pool = ref.deref();
    if (pool === undefined) pools.delete(ref);
    else living.push(pool);
  }
  return living;
}

/** A number that no other pool and no primitive of the process has, given when it is first asked for. */
export function idOf(pool: ListedPool): number {
  const id = ids.get(pool) ?? nextPrimitiveId();
  ids.set(pool, id);
  return id;
}
