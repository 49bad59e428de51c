import type { Worker } from 'node:worker_threads';
import { kernelTells } from './kernel.js';
import { clock } from './table.js';

/*
 * Whether a worker that this thread has started still runs, where the kernel does not tell. Node says so without turning
 * the event loop: a worker that was told to stop, by anybody, or that ran out of memory, is one whose loop was idle for
 * -1 ms. Node tells that only of a worker whose utilization was asked for once while it ran.
 */

/** Until a worker that was told to stop has done so, in ms: JavaScript ends at its next call or turn of a loop. */
const STOPPING_MS = 40;

interface Watched {
  readonly worker: Worker;
  /** When it was first seen to have been told to stop. */
  stops?: number;
}

const watched = new Map<number, Watched>();

/** @param exited - called from the event loop, with Node's number of the worker */
export function watchWorker(worker: Worker, exited: (worker: number) => void): void {
  // Now: it reads -1 once the worker has exited.
  const { threadId } = worker;
  watched.set(threadId, { worker });
  const ask = (): void => {
    if (isAsked(worker)) worker.off('message', ask);
  };
  if (!kernelTells()) {
    worker.once('online', ask);
    worker.on('message', ask);
  }
  worker.once('exit', () => {
    watched.delete(threadId);
    exited(threadId);
  });
}

/** How many workers this thread has started that have not exited. */
export function startedWorkers(): number {
  return watched.size;
}

function isAsked(worker: Worker): boolean {
  return worker.performance.eventLoopUtilization().active > 0;
}

/** Least ms between two questions to Node. */
const ASK_EVERY = 40;
let askedAt = Number.NEGATIVE_INFINITY;

/** Node's numbers of the workers that have stopped since this was last called. */
export function stoppedWorkers(): number[] {
  const time = clock();
  if (time - askedAt < ASK_EVERY) return [];
  askedAt = time;
  const stopped: number[] = [];
  for (const [number, one] of watched) {
    if (one.worker.performance.eventLoopUtilization().idle !== -1) continue;
    one.stops ??= time;
    if (time - one.stops >= STOPPING_MS) stopped.push(number);
  }
  for (const number of stopped) watched.delete(number);
  return stopped;
}
