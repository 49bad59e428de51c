import { availableParallelism } from 'node:os';
import type { TransferListItem } from 'node:worker_threads';
import { after, now } from '../../primitives/waiting/event-loop.js';
import type { ToThread } from '../wire/messages.js';
import { DedicatedWorker } from './dedicated-worker.js';
import type { WorkerHandle, WorkerListener } from './executor.js';
import { relayUnhandled, reportUnhandled } from './unhandled.js';

/**
 * The workers that no thread runs in. A thread takes one of them or gets a new one, and never waits for another thread
 * to end: 64 that meet at one barrier all run.
 *
 * A start in a kept worker takes microseconds, in a new one tens of ms and some MB; so a few are kept for long, and
 * what a burst leaves beyond them only as long as the next burst may take to come.
 */
const KEPT = availableParallelism() * 2;
const KEPT_MS = 30_000;
const SURPLUS_MS = 1_000;

interface Idle {
  readonly worker: DedicatedWorker;
  readonly since: number;
}

/** Longest idle first. */
const idle: Idle[] = [];
/** A sweep is due. */
let sweeps = false;

/** @throws DataCloneError, and whatever keeps a worker from being made */
export function takeWorker(
  stackSize: number,
  first: readonly ToThread[],
  transfer: readonly TransferListItem[],
  listener: WorkerListener,
): WorkerHandle {
  const worker = takeIdle(stackSize);
  if (worker === undefined) return new DedicatedWorker(stackSize, first, transfer, listener, giveBack);
  worker.listener = listener;
  try {
    worker.post(first, transfer);
  } catch (error) {
    giveBack(worker);
    throw error;
  }
  return worker;
}

/** One that was idle, the last one used first: its caches are warm. */
function takeIdle(stackSize: number): DedicatedWorker | undefined {
  for (let at = idle.length - 1; at >= 0; at--) {
    const worker = idle[at]?.worker;
    if (worker === undefined || worker.dead || worker.stackSize !== stackSize) continue;
    idle.splice(at, 1);
    return worker;
  }
  return undefined;
}

function giveBack(worker: DedicatedWorker): void {
  if (worker.dead || worker.terminated) return;
  worker.listener = leftovers;
  idle.push({ worker, since: now() });
  if (!sweeps) after(SURPLUS_MS, sweep);
  sweeps = true;
}

function sweep(): void {
  const time = now();
  for (let oldest = idle[0]; oldest !== undefined; oldest = idle[0]) {
    const kept = idle.length > KEPT ? SURPLUS_MS : KEPT_MS;
    if (!oldest.worker.dead && time - oldest.since < kept) break;
    idle.shift();
    void oldest.worker.kill();
  }
  sweeps = idle.length > 0;
  if (sweeps) after(SURPLUS_MS, sweep);
}

/** Listens to a worker that no thread runs in. */
const leftovers: WorkerListener = {
  onMessage: (message) => {
    if (message.kind === 'unhandled') relayUnhandled(message);
  },
  onExit: ({ error, terminated }) => {
    if (error !== undefined && !terminated) reportUnhandled(null, error);
  },
};
