import { availableParallelism } from 'node:os';
import { now } from '../../primitives/waiting/event-loop.js';
import type { Job } from '../workers/job.js';
import { DEEPEST, type PoolSession } from './pool-session.js';
import { SessionLoads } from './session-loads.js';

/** Of the machine, or as many as this process may use. */
const CORES: number = availableParallelism();

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

  /**
   * Of the jobs in line, so many go to idle workers before others share: as many as there are workers that block, so that hundreds
   * of jobs that wait for each other run after a few rounds.
   */
  get wakes(): number {
    return Math.max(CORES, this.#busy - this.loads.working);
  }

  /** Jobs that wait behind another of their session, or for its worker alone. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * A worker at work that is to have the job, though others are idle: the job takes less time than to wake one of these, and the
   * workers at work have all the cores. Many workers with one such job each cost several times what a few with many do, so where
   * more are at work than there are cores, the one with most jobs gets it. A job that has to wait there after all is taken back,
   * and goes to an idle worker then: patience.ts.
   */
  sharedFor(job: Job): PoolSession | undefined {
    const { loads } = this;
    if (loads.working < CORES || !job.returns || job.hurries) return undefined;
    const session = loads.working > CORES ? loads.most(DEEPEST) : loads.leastWorking();
    return session?.takesTiny(job) ? session : undefined;
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
