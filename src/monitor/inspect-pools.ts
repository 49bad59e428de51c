import { idOf, type ListedPool, listedPools } from '../pool/jobs/pool-list.js';
import type { TimeStats } from '../pool/thread/job-pool.js';
import { getIdent } from '../primitives/threads/current-ident.js';
import { isAlive } from '../primitives/threads/liveness.js';
import { QUEUED } from '../primitives/threads/table.js';
import { stateOf } from '../primitives/threads/thread-slots.js';
import type { Durations, PoolInfo } from './types.js';

/** The pools of this thread. */
export function poolInfos(): PoolInfo[] {
  return listedPools().map(poolInfo);
}

function poolInfo(pool: ListedPool): PoolInfo {
  const { name, maxThreads, maxQueue } = pool;
  const { threads, busy, queued, completed, failed, cancelled, runTime, waitTime } = pool.stats;
  const ran = completed + failed;
  return {
    id: idOf(pool),
    name,
    of: getIdent(),
    maxThreads,
    threads,
    busy,
    queued,
    maxQueue: maxQueue === Number.POSITIVE_INFINITY ? null : maxQueue,
    completed,
    failed,
    cancelled,
    run: durations(runTime, ran),
    wait: durations(waitTime, ran),
    jobs: pool.idents().filter((ident) => isAlive(ident) && stateOf(ident) !== QUEUED),
    next: [],
  };
}

function durations({ mean, p50, p99, max }: TimeStats, count: number): Durations {
  return { count, total: mean * count, p50, p99, max };
}
