import type { QueuedJobs } from '../pool/jobs/queued-jobs.js';
import { type PoolFacts, poolFacts } from '../primitives/threads/pool-records.js';
import type { ThreadFacts } from '../primitives/threads/thread-facts.js';
import { epoch } from './epoch.js';
import { durations } from './inspect-primitives.js';
import { allAnswers } from './loop-answers.js';
import type { PoolInfo } from './types.js';

/** The pools of all threads. */
export function poolInfos(threads: readonly ThreadFacts[]): PoolInfo[] {
  const queued = new Map(
    allAnswers().flatMap(({ parts }) =>
      ((parts.pools ?? []) as QueuedJobs[]).map(({ pool, jobs }) => [pool, jobs] as const),
    ),
  );
  return poolFacts().map((pool) => poolInfo(pool, threads, queued.get(pool.id) ?? []));
}

function poolInfo(pool: PoolFacts, threads: readonly ThreadFacts[], queued: QueuedJobs['jobs']): PoolInfo {
  const { starved: _, run, wait, ...facts } = pool;
  return {
    ...facts,
    run: durations(run),
    wait: durations(wait),
    jobs: threads
      .filter(({ pool: of, state }) => of === pool.id && state === 'running')
      .map(({ ident }) => ident),
    next: pool.queued === 0 ? [] : queued.map(({ name, since }) => ({ name, since: epoch(since) })),
  };
}
