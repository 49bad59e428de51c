import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, type TransferListItem, Worker } from 'node:worker_threads';
import { NEVER } from 'rxjs';
import { fileOfEntry } from '../pool/workers/worker-files.js';
import { after } from '../primitives/waiting/event-loop.js';
import type { Engine } from './engine.js';
import { KeeperEngine } from './keeper-engine.js';
import type { FromKeeper, ToKeeper } from './keeper-messages.js';
import type { KeeperData } from './keeper-thread.js';
import { Keeping, type KeepingOptions } from './keeping.js';
import { memoryEngine } from './memory-engine.js';
import type { CheckedOptions } from './options.js';
import { backoff } from './pause.js';
import { type Address, addressOf } from './redis-connection.js';
import { RedisEngine } from './redis-engine.js';

/** undefined in a bundle that does not know its own URL. */
const HERE: string | undefined = import.meta.url;

/** What the keeper's thread runs, keeper-thread.ts: named as files are in worker-files.ts. @throws ThreadError */
function keeperFile(): string {
  return fileOfEntry('redis', HERE && join(dirname(fileURLToPath(HERE)), 'redis-keeper.js'));
}

/** Who keeps the session, as the session sees it. */
export interface Keeper {
  post(message: ToKeeper, transfer?: readonly TransferListItem[]): void;
}

/**
 * The keeper's thread. It does not keep the process alive. One that has failed, for want of memory say, takes its session
 * with it, because nobody renews that; another is started for the next.
 */
class KeeperThread implements Keeper {
  readonly #data: KeeperData;
  readonly #hear: (message: FromKeeper) => void;
  #worker: Worker | undefined;
  #session = '';
  #ending = false;
  #ended = false;
  /** Those that have failed before they said anything. */
  #failed = 0;

  constructor(data: KeeperData, hear: (message: FromKeeper) => void) {
    this.#data = data;
    this.#hear = hear;
  }

  post(message: ToKeeper, transfer: readonly TransferListItem[] = []): void {
    if (message.kind === 'join') {
      this.#session = message.session;
      this.#worker ??= this.#start();
    }
    this.#ending ||= message.kind === 'end';
    if (this.#worker !== undefined) this.#worker.postMessage(message, transfer);
    else if (this.#ending) this.#tell({ kind: 'ended' });
  }

  #start(): Worker {
    // None of the user's own --require and --import: the keeper runs no code but ours. But under Plug'n'Play they find it.
    const worker = new Worker(keeperFile(), {
      workerData: this.#data,
      ...('pnp' in process.versions ? {} : { execArgv: [] }),
      name: 'rxjs-threading keeper',
    });
    worker.on('message', (message: FromKeeper) => this.#tell(message));
    worker.on('error', ({ message }) =>
      this.#hear({ kind: 'refused', message: `the keeper has failed: ${message}` }),
    );
    worker.on('exit', () => this.#exited());
    // Last, because a listener for messages keeps the process alive from then on.
    worker.unref();
    return worker;
  }

  #tell(message: FromKeeper): void {
    this.#failed = 0;
    if (this.#ended) return;
    this.#ended = message.kind === 'ended';
    this.#hear(message);
  }

  #exited(): void {
    this.#worker = undefined;
    if (this.#ending) this.#tell({ kind: 'ended' });
    else
      after(backoff(this.#failed++), () => {
        if (!this.#ending) this.#hear({ kind: 'failed', session: this.#session });
      });
  }
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
  let address: Address;
  try {
    address = addressOf(connection);
    keeperFile();
  } catch (error) {
    return nobody(error, hear);
  }
  if (isMainThread) {
    const warn = (message: string) => hear({ kind: 'warned', message });
    const engine = new RedisEngine({ address, namespace, patience: lease / 2, listens: true, warn });
    return { engine, keeper: new KeeperThread({ address, namespace, lease, grace, serves: false }, hear) };
  }
  // A worker may block, and then its keeper goes on talking to the engine.
  const keeper = new KeeperThread({ address, namespace, lease, grace, serves: true }, (message) => {
    engine.hear(message);
    hear(message);
  });
  const engine = new KeeperEngine((message) => keeper.post(message));
  return { engine, keeper };
}

/** In place of those that cannot be made: all that is asked fails with the error. */
function nobody(
  error: unknown,
  hear: (message: FromKeeper) => void,
): { readonly engine: Engine; readonly keeper: Keeper } {
  const fail = () => Promise.reject(error);
  const engine: Engine = { call: fail, incarnation: fail, join() {}, told$: NEVER, close: async () => {} };
  return { engine, keeper: { post: ({ kind }) => kind === 'end' && hear({ kind: 'ended' }) } };
}
