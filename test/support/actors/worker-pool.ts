import { Worker } from 'node:worker_threads';

const idle: Worker[] = [];
const all = new Set<Worker>();

/** A worker for one actor; the next actor gets it again. */
export function takeWorker(): Worker {
  const worker = idle.pop() ?? new Worker(new URL('../../fixtures/actors/stage-worker.js', import.meta.url));
  all.add(worker);
  return worker;
}

export function giveBack(worker: Worker): void {
  if (all.has(worker)) idle.push(worker);
}

/** For one that does not come back from where it is. */
export async function discard(worker: Worker): Promise<void> {
  all.delete(worker);
  await worker.terminate();
}

export async function endWorkers(): Promise<void> {
  idle.length = 0;
  await Promise.all([...all].map(discard));
}
