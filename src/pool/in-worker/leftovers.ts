import { childCount } from '../wire/parent-link.js';

/**
 * What the threads of this worker have left behind in it: timers, files, sockets, threads that they started. It goes
 * on, and may crash the worker or wait for a lock, so no other thread is to run beside it.
 */

/** What is there to stay, such as a connection to a database: how many of each kind. */
const settled = new Map<string, number>();

export function isIdle(): boolean {
  if (settled.size > 0) return isSettled();
  return (
    childCount() === 0 && process.getActiveResourcesInfo().every((resource) => resource === 'MessagePort')
  );
}

/** What is there now counts as there to stay. */
export function settle(): void {
  settled.clear();
  for (const [kind, count] of countAll()) settled.set(kind, count);
}

function countAll(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (kind !== 'MessagePort') counts.set(kind, (counts.get(kind) ?? 0) + 1);
  if (childCount() > 0) counts.set('Thread', childCount());
  return counts;
}

/** What has gone meanwhile was not there to stay. */
function isSettled(): boolean {
  const counts = countAll();
  for (const [kind, count] of settled) {
    const now = Math.min(count, counts.get(kind) ?? 0);
    if (now === 0) settled.delete(kind);
    else settled.set(kind, now);
  }
  return [...counts].every(([kind, count]) => count <= (settled.get(kind) ?? 0));
}
