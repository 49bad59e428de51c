import { clock } from '../../primitives/threads/table.js';
import { after } from '../../primitives/waiting/event-loop.js';
import type { Job } from '../workers/job.js';
import type { PoolSession } from './pool-session.js';
import type { PoolSessions } from './pool-sessions.js';

/** ms that a job may wait behind another that has not ended, where there are other workers. */
const PATIENCE_MS = 2;
/** What usually takes so many ms at most may take twice its time, while no other worker is free. */
const MOST_MEAN_MS = 20;
/** ms that an awake worker has to begin with a job, where another may be started: that takes about as long. */
const START_MS = 2 * MOST_MEAN_MS;
/** ms after which a worker is killed that does not look at its jobs: what an earlier one left behind blocks it. */
const UNSEEN_MS = 5000;
/** ms that count between two looks at most, as this thread may have been blocked, or the process stopped. */
const MOST_PASSED_MS = 100;

/**
 * Takes back what has waited in a session for PATIENCE_MS, because the job before it has not ended or its worker does not
 * begin. Looks only while there is something that waits so.
 *
 * While no other worker is free, nor may be started, it waits on behind a job that takes no longer than its target usually does:
 * taken back, it would begin later, as its worker would wait for this thread. Once one is free it is taken back after all.
 */
export class Patience {
  readonly #sessions: PoolSessions;
  readonly #maxThreads: number;
  readonly #returned: (jobs: readonly Job[]) => void;
  readonly #looked: () => void;
  #looks = false;
  /** Those in which something waits on, as of the last look, though it has waited for PATIENCE_MS, or is about to. */
  #late: PoolSession[] = [];

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
      this.#late = [];
      const more = [...this.#sessions].filter((session) => this.#look(session, passed));
      this.#looked();
      if (more.length > 0) this.begin();
    });
  }

  /** Called when a worker is free, or may be started, and nobody stands in line. Returns whether there was anything to take back. */
  takeBackLate(): boolean {
    const late = this.#late
      .splice(0)
      .filter((session) => !session.dead && session.size > 1 && isSilent(session));
    for (const session of late) this.#takeBack(session);
    return late.length > 0;
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
    this.#takeBack(session);
    return session.unseen !== undefined;
  }

  /**
   * While no other worker is free for it: what its worker has not begun with, unless what an earlier job has left behind keeps it
   * from that, and what waits behind a job that usually takes as long.
   */
  #waitsOn(session: PoolSession): boolean {
    const [oldest] = session;
    if (oldest === undefined || this.#sessions.loads.idle.length > 0) return false;
    const mayStart = this.#sessions.size < this.#maxThreads;
    if (session.identOf(oldest) === 0) return !(mayStart && session.opened && isSilent(session, START_MS));
    const mean = oldest.target?.meanTime ?? 0;
    if (mayStart || mean > MOST_MEAN_MS || isSilent(session, 2 * mean)) return false;
    this.#late.push(session);
    return true;
  }

  #takeBack(session: PoolSession): void {
    this.#returned(session.takeBackAll());
    session.silent = session.opened;
    if (session.silent && session.size === 0) {
      session.unseen = session.newest;
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

function isSilent(session: PoolSession, ms = PATIENCE_MS): boolean {
  return clock() - session.lastEnd >= ms;
}
