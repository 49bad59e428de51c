import { now } from '../../primitives/waiting/event-loop.js';
import type { PoolSession } from './pool-session.js';
import { SessionLoads } from './session-loads.js';

/** The sessions of a pool, and what they come to: counted as each of them changes, as a pool may have hundreds. */
export class PoolSessions {
  readonly #all = new Set<PoolSession>();
  readonly loads: SessionLoads = new SessionLoads();
  #waiting = 0;
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

  /** Jobs that wait behind another of their session, or for its worker alone. */
  get waiting(): number {
    return this.#waiting;
  }

  add(session: PoolSession): void {
    this.#all.add(session);
    this.count(session);
  }

  /** Called when something of the session has changed. */
  count(session: PoolSession): void {
    session.giveOwn();
    const { size, hasLeftovers, dead } = session;
    const busy = size > 0 || hasLeftovers || (dead && !session.retired);
    this.#note(
      session,
      Math.max(0, size - 1) + session.own.length,
      busy,
      busy && (hasLeftovers || dead || session.told),
    );
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

  #note(session: PoolSession, waiting: number, busy: boolean, ending: boolean): void {
    this.#waiting += waiting - session.waiting;
    this.#busy += Number(busy) - Number(session.busy);
    this.#ending += Number(ending) - Number(session.ending);
    session.waiting = waiting;
    session.busy = busy;
    session.ending = ending;
  }
}
