import { starvationInWords, starvedBy } from '../pool/jobs/starvation.js';
import type { PoolFacts } from '../primitives/threads/pool-records.js';
import type { ThreadFacts } from '../primitives/threads/thread-facts.js';
import type { ThreadWait } from '../primitives/threads/wait-graph.js';
import { epoch } from './epoch.js';
import { recentAnswersOf, utilizationOf } from './loop-answers.js';
import type { Starvation } from './types.js';

/** A worker whose event loop is busier than this share of the time works, whatever its pending waits are for. */
const BUSY = 0.1;

let doubtful = false;

/** Whether a pool starves if the next answers of its workers' event loops say that these have had nothing to do. */
export function mayStarve(): boolean {
  return doubtful;
}

/** The pools that starve, also of a thread that is blocked itself: as their own `warnings$` would tell. */
export function starvations(
  pools: readonly PoolFacts[],
  threads: readonly ThreadFacts[],
  waits: readonly ThreadWait[],
): Starvation[] {
  doubtful = false;
  return pools.flatMap((pool): Starvation[] => {
    const { id, name, maxThreads, queued } = pool;
    const jobs = threads.filter((thread) => thread.pool === id);
    const running = jobs.filter(({ state }) => state === 'running').map(({ ident }) => ident);
    if (queued === 0 || running.length < maxThreads) return [];
    const idents = new Set(jobs.map(({ ident }) => ident));
    const found = starvedBy(running, idents, waits, isIdle);
    if (found === undefined) {
      doubtful ||= starvedBy(running, idents, waits, () => true) !== undefined;
      return [];
    }
    const since = Math.max(...found.map((wait) => wait.since));
    return [
      {
        kind: 'starvation',
        id: `starvation ${id}`,
        since: epoch(since),
        message: starvationInWords(name, queued, found),
        pool: id,
        waits: found.map((wait) => wait.id),
      },
    ];
  });
}

function isIdle(ident: number): boolean {
  const answers = recentAnswersOf(ident);
  return answers?.before !== undefined && utilizationOf(answers) <= BUSY;
}
