import type { PoolPiscina } from '../thread/job-pool.js';
import { openWorker, type PiscinaWorker, type WorkerSettings } from '../workers/open-worker.js';
import type { PoolSession } from './pool-session.js';
import type { PoolSessions } from './pool-sessions.js';

/** What the workers of a pool are made with, and for. */
export interface WorkerSupply {
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly settings: WorkerSettings;
  readonly sessions: PoolSessions;
  /** A session of the pool, for a worker to come. */
  readonly newSession: () => PoolSession;
  /** A worker has gone. */
  readonly changed: () => void;
}

/** The workers of a pool, each of which comes with a session. */
export class PoolWorkers implements PoolPiscina {
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly #supply: WorkerSupply;
  readonly #workers = new Set<PiscinaWorker>();

  constructor(supply: WorkerSupply) {
    this.minThreads = supply.minThreads;
    this.maxThreads = supply.maxThreads;
    this.#supply = supply;
  }

  get threads(): readonly PiscinaWorker[] {
    return [...this.#workers];
  }

  /** Those that are starting included. */
  get count(): number {
    return this.#workers.size;
  }

  /** `changed` is not called for the new worker: the caller does that. @throws whatever keeps one from being made */
  open(): PoolSession {
    const { sessions, settings, newSession } = this.#supply;
    const session = newSession();
    try {
      this.#start(session, settings);
    } catch (error) {
      session.discard();
      throw error;
    }
    sessions.add(session);
    return session;
  }

  #start(session: PoolSession, settings: WorkerSettings): void {
    const worker = openWorker(session, settings);
    this.#workers.add(worker);
    // Before the session hears of it.
    worker.prependListener('exit', () => {
      this.#workers.delete(worker);
      this.#supply.changed();
    });
  }

  /** As many as there may be. @throws whatever keeps one from being made */
  openAll(): void {
    while (this.#supply.sessions.size < this.maxThreads) this.open();
  }

  /** Opens those that are to be kept, and that there are not: at first, and when one has died. Returns what keeps one from being made. */
  keepEnough(): unknown {
    try {
      while (this.#supply.sessions.size < this.minThreads) this.open();
    } catch (error) {
      return error;
    }
    return undefined;
  }
}
