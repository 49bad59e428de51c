import { childCount } from '../workers/children.js';

/**
 * Leftovers: what the threads of this worker left running when they ended, such as timers, files, sockets and threads
 * that they started. Leftovers may crash the worker or wait for a lock, so no other thread is to run beside them.
 */

/** Leftovers that are there to stay, such as a connection to a database: how many of each kind. */
const expected = new Map<string, number>();

/** Whether the worker can take another thread. */
export function isIdle(): boolean {
  if (expected.size > 0) return hasOnlyExpected();
  return (
    childCount() === 0 && process.getActiveResourcesInfo().every((resource) => resource === 'MessagePort')
  );
}

/** MessagePorts that the library itself has in a worker: the session's and Piscina's two. */
const OWN_PORTS = 3;

/** How many threads that have ended here are watched, by timers that do not keep the event loop alive: see thread-body.ts. */
let watched = 0;

/** Called as such a watch begins, by 1, and ends, by -1. */
export function countWatched(by: 1 | -1): void {
  watched += by;
}

/** Whether nothing at all waits for the event loop of this worker, not even a port of the user's. */
export function isQuiet(): boolean {
  if (expected.size > 0 || childCount() > 0 || watched > 0) return false;
  const resources = process.getActiveResourcesInfo();
  return resources.length <= OWN_PORTS && resources.every((resource) => resource === 'MessagePort');
}

/** How much of the worker's heap is used, what nobody needs any more and was not collected included, in MB. */
export function heapMb(): number {
  return process.getBuiltinModule('node:v8').getHeapStatistics().used_heap_size / 2 ** 20;
}

/** From now on the leftovers that there are count as there to stay. */
export function expectAll(): void {
  expected.clear();
  for (const [kind, count] of countAll()) expected.set(kind, count);
}

function countAll(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (kind !== 'MessagePort') counts.set(kind, (counts.get(kind) ?? 0) + 1);
  if (childCount() > 0) counts.set('Thread', childCount());
  return counts;
}

/** Whether there is nothing but what is expected. What has disappeared is expected no more: if it comes back, it is new. */
function hasOnlyExpected(): boolean {
  const counts = countAll();
  for (const [kind, count] of expected) {
    const now = Math.min(count, counts.get(kind) ?? 0);
    if (now === 0) expected.delete(kind);
    else expected.set(kind, now);
  }
  return [...counts].every(([kind, count]) => count <= (expected.get(kind) ?? 0));
}
