import { clock } from '../../primitives/threads/table.js';
import { after } from '../../primitives/waiting/event-loop.js';
import type { Job } from '../workers/job.js';
import type { PoolSession } from './pool-session.js';
import type { PoolSessions } from './pool-sessions.js';

/** ms that a job may wait behind another that has not ended, where there are other workers. */
const PATIENCE_MS = 2;
/** ms after which a worker is killed that does not look at its jobs: what an earlier one left behind blocks it. */
const UNSEEN_MS = 5000;
/** ms that count between two looks at most, as this thread may have been blocked, or the process stopped. */
const MOST_PASSED_MS = 100;

/**
 * Takes back what has waited in a session for PATIENCE_MS, because the job before it has not ended or its worker does not
 * begin. Looks only while there is something that waits so.
 */
export class Patience {
  readonly #sessions: PoolSessions;
  readonly #maxThreads: number;
  readonly #returned: (jobs: readonly Job[]) => void;
  readonly #looked: () => void;
  #looks = false;

  /**
   * @param maxThreads - sessions that there may be
   * @param returned - these jobs are to stand in line again
   * @param looked - called after each look
   */
  constructor(
    sessions: PoolSessions,
    maxThreads: number,
    returned: (jobs: readonly Job[]) => void,
    looked: () => void,
  ) {
    this.#sessions = sessions;
    this.#maxThreads = maxThreads;
    this.#returned = returned;
    this.#looked = looked;
  }

  /** Called when a job waits in a session. Where there may be one at most, nobody else could run it: that is looked at only if it hangs. */
  begin(): void {
    if (this.#looks) return;
    if (this.#maxThreads < 2 && ![...this.#sessions].some(({ unseen }) => unseen !== undefined)) return;
    this.#looks = true;
    const began = clock();
    after(PATIENCE_MS, () => {
      this.#looks = false;
      const passed = Math.min(clock() - began, MOST_PASSED_MS);
      const more = [...this.#sessions].filter((session) => this.#look(session, passed));
      this.#looked();
      if (more.length > 0) this.begin();
    });
  }

  /** Returns whether to look again. */
  #look(session: PoolSession, passed: number): boolean {
    if (session.dead) return false;
    if (session.unseen !== undefined) return this.#awaitLife(session, session.unseen, passed);
    if (session.size < (session.opened ? 2 : 1)) return false;
    // First, as hundreds of workers that share a few cores are silent each time.
    if (this.#waitsOn(session)) return true;
    // This thread may have been busy meanwhile.
    if (isSilent(session)) session.drain();
    const [oldest] = session;
    if (oldest === undefined || !isSilent(session)) return oldest !== undefined;
    if (this.#waitsOn(session)) return true;
    this.#takeBack(session, session.newest ?? oldest);
    return session.unseen !== undefined;
  }

  /** One that its worker has not begun with waits on, unless another worker is free for it. */
  #waitsOn(session: PoolSession): boolean {
    const [oldest] = session;
    if (oldest === undefined || this.#sessions.loads.idle.length > 0) return false;
    return session.identOf(oldest) === 0;
  }

  #takeBack(session: PoolSession, newest: Job): void {
    const { seq } = newest;
    this.#returned(session.takeBackAll());
    session.silent = session.opened;
    if (session.silent && session.size === 0) {
      session.unseen = seq;
      session.unseenMs = 0;
    }
    this.#sessions.count(session);
  }

  /** All jobs were taken back from a worker that did not look at them. It gets others once it does, or else is killed. */
  #awaitLife(session: PoolSession, seq: number, passed: number): boolean {
    if (session.watch.hasSeen(seq)) {
      session.unseen = undefined;
      session.silent = false;
      this.#sessions.count(session);
      return false;
    }
    session.unseenMs += passed;
    if (session.unseenMs < UNSEEN_MS) return true;
    session.watch.killHung(null);
    return false;
  }
}

function isSilent(session: PoolSession): boolean {
  return clock() - session.lastEnd >= PATIENCE_MS;
}
