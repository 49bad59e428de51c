import { isAlive } from '../../primitives/threads/liveness.js';
import { clock, QUEUED } from '../../primitives/threads/table.js';
import { nameOf, stateOf, workerOf } from '../../primitives/threads/thread-slots.js';
import { type ThreadWait, waits } from '../../primitives/threads/wait-graph.js';
import { starvationWarnings } from '../../primitives/waiting/channels.js';
import { type Rechecked, recheckPeriodically } from '../../primitives/waiting/event-loop.js';
import type { PoolWarning } from '../thread/job-pool.js';
import type { Dispatcher } from './dispatcher.js';

/** ms that a wait has to last before it counts, because a pool whose jobs wait for a moment is only slow. */
const LASTING = 1000;
/** ms between two looks. */
const LOOK_EVERY = 200;
/** A worker whose event loop is busier than this share of the time works, whatever its pending waits are for. */
const BUSY = 0.1;
/** How many waits a warning describes in words. */
const TOLD = 5;

/**
 * Looks, while jobs of a pool are queued, whether every worker has waited for long for what only jobs of this pool can
 * end: a lock that one of them holds, the end of one that is queued. What nobody owns, such as an Event or a Semaphore,
 * does not count, because any thread outside the pool may set or release it; nor does what a thread outside the pool
 * owns, unless that one is stuck in the same way.
 */
export class StarvationWatch implements Rechecked {
  readonly #name: string;
  readonly #jobs: Dispatcher;
  readonly #changed: (warning: PoolWarning | undefined) => void;
  readonly #usage = new Map<number, { readonly idle: number; readonly active: number }>();
  #looked = 0;
  #rechecked = false;
  #starved = false;

  /** @param changed - called with a warning when the pool begins to starve, with undefined when it no longer does */
  constructor(name: string, jobs: Dispatcher, changed: (warning: PoolWarning | undefined) => void) {
    this.#name = name;
    this.#jobs = jobs;
    this.#changed = changed;
  }

  get starved(): boolean {
    return this.#starved;
  }

  /** Called when jobs have come or gone. */
  watch(): void {
    if (this.#jobs.queued === 0) this.#tell(undefined);
    else if (!this.#rechecked) {
      this.#rechecked = true;
      recheckPeriodically(this);
    }
  }

  recheck(): boolean {
    if (this.#jobs.queued === 0) {
      this.#rechecked = false;
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
    const warning = found && this.#warning(found);
    if (warning !== undefined) starvationWarnings.publish(warning);
    this.#changed(warning);
  }

  /** A wait of each worker that only jobs of the pool can end; undefined when one of them has none. */
  #find(): ThreadWait[] | undefined {
    const idle = this.#idleWorkers();
    const idents = this.#jobs.idents();
    const running = [...idents].filter((ident) => isAlive(ident) && stateOf(ident) !== QUEUED);
    if (running.length < this.#jobs.maxThreads) return undefined;
    return starvedBy(running, idents, waits(), (ident) => idle.has(workerOf(ident)));
  }

  /** Numbers of the workers whose event loop has had nothing to do since the last look. */
  #idleWorkers(): Set<number> {
    const idle = new Set<number>();
    for (const worker of this.#jobs.workers.threads) {
      const { idle: idleTime, active } = worker.performance.eventLoopUtilization();
      const before = this.#usage.get(worker.threadId);
      this.#usage.set(worker.threadId, { idle: idleTime, active });
      if (before === undefined) continue;
      const worked = active - before.active;
      if (worked <= BUSY * (worked + idleTime - before.idle)) idle.add(worker.threadId);
    }
    return idle;
  }

  #warning(found: readonly ThreadWait[]): PoolWarning {
    const pool = this.#name;
    const { queued } = this.#jobs;
    return { pool, message: starvationInWords(pool, queued, found), waits: found, queued };
  }
}

/**
 * A wait of each job that runs which only jobs of the pool can end; undefined when one of them has none.
 *
 * @param running - idents of the jobs that run
 * @param idents - of all jobs of the pool that are threads
 * @param isIdle - whether the event loop of a thread has had nothing to do
 */
export function starvedBy(
  running: readonly number[],
  idents: ReadonlySet<number>,
  all: readonly ThreadWait[],
  isIdle: (ident: number) => boolean,
): ThreadWait[] | undefined {
  const lasting = all.filter(({ since }) => clock() - since >= LASTING);
  const found: ThreadWait[] = [];
  for (const ident of running) {
    const stuck = lasting
      .filter((wait) => wait.ident === ident && (wait.blocking || isIdle(ident)))
      .find(({ owner }) => !maybeEndedOutside(owner, idents, lasting));
    if (stuck === undefined) return undefined;
    found.push(stuck);
  }
  return found;
}

/** @param queued - how many jobs wait for a worker */
export function starvationInWords(pool: string, queued: number, found: readonly ThreadWait[]): string {
  const told = found.slice(0, TOLD).map(describe);
  if (found.length > TOLD) told.push(`and ${found.length - TOLD} more`);
  const workers = found.length === 1 ? 'its only worker waits' : `all of its ${found.length} workers wait`;
  const behind = queued === 1 ? '1 job that may end it is' : `${queued} jobs that may end it are`;
  return `${pool} starves: ${workers}, while ${behind} queued behind: ${told.join(', ')}`;
}

function describe({ ident, primitive, name, owner }: ThreadWait): string {
  const who = `'${nameOf(ident)}' waits for`;
  // The end of a thread, whose number is no primitive's.
  if (primitive < 0 && owner !== null)
    return `${who} the end of '${name}'${stateOf(owner) === QUEUED ? ', which is queued' : ''}`;
  return owner === null ? `${who} '${name}'` : `${who} '${name}', which '${nameOf(owner)}' holds`;
}

/** Whether whoever holds it up, at the end of the chain of those that block for one another, is outside of the pool's jobs. */
function maybeEndedOutside(
  owner: number | null,
  idents: ReadonlySet<number>,
  lasting: readonly ThreadWait[],
): boolean {
  const seen = new Set<number>();
  for (let at = owner; at !== null; ) {
    if (idents.has(at) || seen.has(at) || !isAlive(at)) return false;
    seen.add(at);
    const ident: number = at;
    const next = lasting.find((wait) => wait.blocking && wait.ident === ident);
    if (next === undefined) return true;
    at = next.owner;
  }
  return true;
}
