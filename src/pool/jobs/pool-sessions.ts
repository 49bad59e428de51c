import { now } from '../../primitives/waiting/event-loop.js';
import type { PoolSession } from './pool-session.js';
import { SessionLoads } from './session-loads.js';

/** The sessions of a pool, and what they come to: counted as each of them changes, as a pool may have hundreds. */
export class PoolSessions {
  readonly #all = new Set<PoolSession>();
  readonly loads: SessionLoads = new SessionLoads();
  /** Jobs that sessions have, and sessions that have any. */
  #sent = 0;
  #loaded = 0;
  #busy = 0;
  #ending = 0;
  readonly #idle: () => void;

  /** @param idle - one has nothing to do any more */
  constructor(idle: () => void) {
    this.#idle = idle;
  }

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<PoolSession> {
    return this.#all.values();
  }

  /** Sessions whose worker is taken: by a job, by what one has left behind, or because it is being killed. */
  get busy(): number {
    return this.#busy;
  }

  /** Of `busy`: those that are about to be free. */
  get ending(): number {
    return this.#ending;
  }

  /** Jobs that wait behind another of their session. */
  get waiting(): number {
    return this.#sent - this.#loaded;
  }

  add(session: PoolSession): void {
    this.#all.add(session);
    this.count(session);
  }

  /** Called when something of the session has changed. */
  count(session: PoolSession): void {
    const { size, hasLeftovers, dead } = session;
    const busy = size > 0 || hasLeftovers || (dead && !session.retired);
    this.#note(session, size, busy, busy && (hasLeftovers || dead || session.told));
    this.loads.place(session);
    if (session.bucket !== 0) return;
    session.idleSince = now();
    this.#idle();
  }

  /** Its worker has exited. */
  delete(session: PoolSession): void {
    this.#all.delete(session);
    this.#note(session, 0, false, false);
    this.loads.place(session);
  }

  #note(session: PoolSession, jobs: number, busy: boolean, ending: boolean): void {
    this.#sent += jobs - session.jobs;
    this.#loaded += Number(jobs > 0) - Number(session.jobs > 0);
    this.#busy += Number(busy) - Number(session.busy);
    this.#ending += Number(ending) - Number(session.ending);
    session.jobs = jobs;
    session.busy = busy;
    session.ending = ending;
  }
}
