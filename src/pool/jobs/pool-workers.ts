import type { PoolPiscina } from '../thread/job-pool.js';
import { openWorker, type PiscinaWorker, type WorkerSettings } from '../workers/open-worker.js';
import type { Session } from '../workers/session.js';

/** The workers of a pool. */
export class PoolWorkers implements PoolPiscina {
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly #settings: WorkerSettings;
  readonly #workers = new Set<PiscinaWorker>();
  readonly #changed: () => void;

  /** @param changed - one has gone */
  constructor(minThreads: number, maxThreads: number, settings: WorkerSettings, changed: () => void) {
    this.minThreads = minThreads;
    this.maxThreads = maxThreads;
    this.#settings = settings;
    this.#changed = changed;
  }

  get threads(): readonly PiscinaWorker[] {
    return [...this.#workers];
  }

  /** Those that are starting included. */
  get count(): number {
    return this.#workers.size;
  }

  /** `changed` is not called for the new worker: the caller does that. @throws whatever keeps one from being made */
  open(session: Session): void {
    const worker = openWorker(session, this.#settings);
    this.#workers.add(worker);
    // Before the session hears of it.
    worker.prependListener('exit', () => {
      this.#workers.delete(worker);
      this.#changed();
    });
  }
}
