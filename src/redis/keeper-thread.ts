import { parentPort, workerData } from 'node:worker_threads';
import { Keeping, type KeepingOptions, type ToKeeper } from './keeping.js';
import type { Address } from './redis-connection.js';
import { RedisEngine } from './redis-engine.js';

/** What the keeper's thread is started with; see keeper.ts. */
export interface KeeperData extends KeepingOptions {
  readonly address: Address;
  readonly namespace: string;
}

const { address, namespace, lease, grace } = workerData as KeeperData;
const engine = new RedisEngine({ address, namespace, patience: lease / 3, listens: false });
const keeping = new Keeping(engine, { lease, grace }, (message) => {
  parentPort?.postMessage(message);
  if (message.kind === 'ended') parentPort?.close();
});
parentPort?.on('message', (message: ToKeeper) => keeping.hear(message));
