import { availableParallelism } from 'node:os';
import type { TransferListItem } from 'node:worker_threads';
import { after, now } from '../../primitives/waiting/event-loop.js';
import type { ToThread } from '../wire/messages.js';
import { DedicatedWorker } from './dedicated-worker.js';
import type { WorkerHandle, WorkerListener } from './executor.js';
import { checkThreadLimit } from './thread-limit.js';
import { relayUnhandled, reportUnhandled } from './unhandled.js';

/**
 * The workers of threads that have no ThreadPool. A thread takes an idle worker or gets a new one, and never waits for
 * another thread to end: 64 threads that meet at one barrier all run.
 *
 * A start takes microseconds in an idle worker, and tens of ms and some MB in a new one. So KEPT idle workers stay for
 * KEPT_MS, and those that a burst leaves beyond them for SURPLUS_MS, in case the next burst follows.
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
  if (worker === undefined) {
    checkThreadLimit();
    return new DedicatedWorker(stackSize, first, transfer, listener, giveBack);
  }
  worker.listener = listener;
  try {
    worker.post(first, transfer);
  } catch (error) {
    giveBack(worker);
    throw error;
  }
  return worker;
}

/** Of the idle workers the last one used, because its caches are warm. */
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

/** Listens to an idle worker, where what an ended thread left behind may still fail. */
const leftovers: WorkerListener = {
  onMessage: (message) => {
    if (message.kind === 'unhandled') relayUnhandled(message);
  },
  onExit: ({ error, terminated }) => {
    if (error !== undefined && !terminated) reportUnhandled(null, error);
  },
};
