import { type Patrolled, watchOver } from '../primitives/loop.js';
import { clock, isAlive, workerOf } from '../primitives/thread-table.js';
import { type ThreadWait, waits } from '../primitives/waits.js';
import type { Piscina } from './piscina.js';

/** ms that a wait has to last before it counts: a slow pool is none that starves. */
const LASTING = 1000;
/** ms between two looks. */
const LOOK_EVERY = 200;
/** A worker whose loop is busier than that does not wait, whatever else it waits for. */
const BUSY = 0.1;

/** What is looked at, of a pool. */
export interface Crew {
  readonly piscina: Piscina;
  /** The most jobs that run at once. */
  readonly maxThreads: number;
  /** `ident`s of its jobs. */
  readonly running: () => readonly number[];
  readonly queued: () => number;
  /** A job of it, running or queued. */
  readonly has: (ident: number) => boolean;
}

/**
 * Looks, while jobs of a pool are queued, whether every worker has waited for long. A wait for what a thread outside
 * the pool owns does not count: that one can let go of it.
 */
export class StarvationWatch implements Patrolled {
  readonly #crew: Crew;
  readonly #changed: (waits: readonly ThreadWait[] | undefined) => void;
  readonly #usage = new Map<number, { readonly idle: number; readonly active: number }>();
  #looked = 0;
  #patrolled = false;
  #starved = false;

  /** @param changed - told what they wait for when it begins to starve, undefined when it no longer does */
  constructor(crew: Crew, changed: (waits: readonly ThreadWait[] | undefined) => void) {
    this.#crew = crew;
    this.#changed = changed;
  }

  get starved(): boolean {
    return this.#starved;
  }

  /** Jobs have come or gone. */
  watch(): void {
    if (this.#crew.queued() === 0) this.#tell(undefined);
    else if (!this.#patrolled) {
      this.#patrolled = true;
      watchOver(this);
    }
  }

  look(): boolean {
    if (this.#crew.queued() === 0) {
      this.#patrolled = false;
      this.#usage.clear();
      this.#tell(undefined);
      return false;
    }
    if (clock() - this.#looked >= LOOK_EVERY) {
      this.#looked = clock();
      this.#tell(this.#find());
    }
    return true;
  }

  #tell(found: readonly ThreadWait[] | undefined): void {
    const starved = found !== undefined;
    if (starved === this.#starved) return;
    this.#starved = starved;
    this.#changed(found);
  }

  /** The longest wait of each worker; undefined when one of them does not wait. */
  #find(): ThreadWait[] | undefined {
    const running = this.#crew.running();
    const idle = this.#idleWorkers();
    if (running.length < this.#crew.maxThreads) return undefined;
    const all = waits();
    const found: ThreadWait[] = [];
    for (const ident of running) {
      const stuck = all
        .filter((wait) => wait.ident === ident && clock() - wait.since >= LASTING)
        .filter((wait) => wait.blocking || idle.has(workerOf(ident)))
        .find(({ owner }) => !this.#canLetGo(owner));
      if (stuck === undefined) return undefined;
      found.push(stuck);
    }
    return found;
  }

  /** The owner is a thread outside. */
  #canLetGo(owner: number | null): boolean {
    return owner !== null && !this.#crew.has(owner) && isAlive(owner);
  }

  /** Numbers of the workers whose event loop had nothing to do since the last look. */
  #idleWorkers(): Set<number> {
    const idle = new Set<number>();
    for (const worker of this.#crew.piscina.threads) {
      const { idle: idleTime, active } = worker.performance.eventLoopUtilization();
      const before = this.#usage.get(worker.threadId);
      this.#usage.set(worker.threadId, { idle: idleTime, active });
      if (before === undefined) continue;
      const worked = active - before.active;
      if (worked <= BUSY * (worked + idleTime - before.idle)) idle.add(worker.threadId);
    }
    return idle;
  }
}
