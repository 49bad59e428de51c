import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, type TransferListItem, Worker } from 'node:worker_threads';
import type { Engine } from './engine.js';
import { EngineError } from './errors.js';
import { KeeperEngine } from './keeper-engine.js';
import type { FromKeeper, ToKeeper } from './keeper-messages.js';
import type { KeeperData } from './keeper-thread.js';
import { Keeping, type KeepingOptions } from './keeping.js';
import { memoryEngine } from './memory-engine.js';
import type { CheckedOptions } from './options.js';
import { addressOf } from './redis-connection.js';
import { RedisEngine } from './redis-engine.js';

/** Who keeps the session, as the session sees it. */
export interface Keeper {
  post(message: ToKeeper, transfer?: readonly TransferListItem[]): void;
}

/** Starts the keeper's thread. It does not keep the process alive. */
function keeperThread(data: KeeperData, hear: (message: FromKeeper) => void): Keeper {
  const file = join(dirname(fileURLToPath(import.meta.url)), 'redis-keeper.js');
  // None of the user's own --require and --import: the keeper runs no code but ours.
  const worker = new Worker(file, { workerData: data, execArgv: [], name: 'rxjs-threading keeper' });
  let ended = false;
  worker.on('message', (message: FromKeeper) => {
    ended ||= message.kind === 'ended';
    hear(message);
  });
  worker.on('error', (cause) => {
    hear({ kind: 'refused', message: new EngineError('the keeper has failed', { cause }).message });
  });
  worker.on('exit', () => {
    if (!ended) hear({ kind: 'ended' });
  });
  // Last, because a listener for messages keeps the process alive from then on.
  worker.unref();
  return { post: (message, transfer = []) => worker.postMessage(message, transfer) };
}

/** Keeps it in this thread: for an engine that lives here as well. */
function keeperHere(engine: Engine, options: KeepingOptions, hear: (message: FromKeeper) => void): Keeper {
  const keeping = new Keeping(engine, options, hear);
  return { post: (message) => keeping.hear(message) };
}

/** What a session talks to, as its `connection` says. @throws TypeError when that cannot be used */
export function engineAndKeeper(
  { connection, namespace, lease, grace }: CheckedOptions,
  hear: (message: FromKeeper) => void,
): { readonly engine: Engine; readonly keeper: Keeper } {
  if (connection === 'memory') {
    const keeper = keeperHere(memoryEngine(namespace), { lease, grace }, hear);
    return { engine: memoryEngine(namespace), keeper };
  }
  const address = addressOf(connection);
  if (isMainThread) {
    const engine = new RedisEngine({ address, namespace, patience: lease / 2, listens: true });
    return { engine, keeper: keeperThread({ address, namespace, lease, grace, serves: false }, hear) };
  }
  // A worker may block, and then its keeper goes on talking to the engine.
  const keeper = keeperThread({ address, namespace, lease, grace, serves: true }, (message) => {
    engine.hear(message);
    hear(message);
  });
  const engine = new KeeperEngine((message) => keeper.post(message));
  return { engine, keeper };
}
