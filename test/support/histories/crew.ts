import { Worker } from 'node:worker_threads';

const idle: Worker[] = [];
const all = new Set<Worker>();

/** A worker that can run lanes; kept for the next history unless it is killed. */
export function takeWorker(): Worker {
  const worker = idle.pop() ?? new Worker(new URL('../../fixtures/histories/worker.js', import.meta.url));
  all.add(worker);
  return worker;
}

export function giveBack(worker: Worker): void {
  idle.push(worker);
}

export async function kill(worker: Worker): Promise<void> {
  all.delete(worker);
  await worker.terminate();
}

export async function endCrew(): Promise<void> {
  idle.length = 0;
  await Promise.all([...all].map(kill));
}

/** What a worker answers to a message. */
export interface Answer {
  readonly ready?: number;
  readonly done?: true;
  readonly failed?: string;
}
