import { parentPort, workerData } from 'node:worker_threads';
import { KeeperCalls } from './keeper-calls.js';
import type { FromKeeper, ToKeeper } from './keeper-messages.js';
import { Keeping, type KeepingOptions } from './keeping.js';
import type { Address } from './redis-connection.js';
import { RedisEngine } from './redis-engine.js';

/** What the keeper's thread is started with; see keeper.ts. */
export interface KeeperData extends KeepingOptions {
  readonly address: Address;
  readonly namespace: string;
  /** Whether who made it, a worker, talks to the engine by it. */
  readonly serves: boolean;
}

const { address, namespace, lease, grace, serves } = workerData as KeeperData;
const post = (message: FromKeeper) => parentPort?.postMessage(message);
// Else the engine of who made it does.
const warn = serves ? (message: string) => post({ kind: 'warned', message }) : undefined;
const engine = new RedisEngine({ address, namespace, patience: lease / 3, listens: serves, warn });
const keeping = new Keeping(engine, { lease, grace }, (message) => {
  calls?.hear(message);
  post(message);
  if (message.kind === 'ended') parentPort?.close();
});
const calls = serves ? new KeeperCalls(engine, lease, keeping, post) : undefined;
parentPort?.on('message', (message: ToKeeper) => {
  if (calls?.serve(message) !== true) keeping.hear(message);
});
