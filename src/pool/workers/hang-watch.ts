import { ThreadError } from '../../errors.js';
import { clock } from '../../primitives/threads/table.js';
import { RECHECK_MS, type Rechecked } from '../../primitives/waiting/event-loop.js';
import { hasSeen } from '../wire/session-cells.js';
import { awakeAfter, lateAfter } from './late-after.js';
import type { SentJobs } from './sent-jobs.js';
import type { SessionOpening } from './session-owner.js';
import { reportUnhandled } from './unhandled.js';

/**
 * ms in which a worker whose leftovers have a limit says that it is free, some more than they have; and in which a worker that
 * runs no job looks at its next one.
 */
const HUNG_MS = 5000;
/** ms that a worker has at least to look at a job that was withdrawn: it takes a turn of its loop. */
const PROMPT_MS = 100;
const HUNG = 'what a job left behind blocks its worker, which is killed';

/** A session, as far as its worker is watched. */
export interface Watched {
  readonly opened: boolean;
  readonly dead: boolean;
  readonly opening: SessionOpening;
  /** Kills the worker, and has no job given to it from now on. */
  giveUp(): void;
}

/** Whether the worker of a session hangs, in its start or in what a job has left behind: then it is killed. */
export class HangWatch implements Rechecked {
  readonly #session: Watched;
  readonly #jobs: SentJobs;
  readonly #limited: boolean;
  #stopTimer: (() => void) | undefined;
  /** The oldest job when it was looked at last, when that was, and for how many ms the worker has not looked at that job. */
  #oldest = -1;
  #checked = 0;
  #unseen = 0;
  /** The ident of the thread that left something behind; 0: there is nothing. */
  leftoversOf = 0;
  /** The last job of which the worker has told that it cannot read it: it never looks at that. */
  refused = -1;

  /** @param limited - the worker does not wait for leftovers for ever */
  constructor(session: Watched, jobs: SentJobs, limited: boolean) {
    this.#session = session;
    this.#jobs = jobs;
    this.#limited = limited;
  }

  /** A job has left something behind. Returns whether jobs may wait for the worker. */
  leftoversBegin(ident: number): boolean {
    this.leftoversOf = ident;
    if (this.#limited) this.#stopTimer = awakeAfter(HUNG_MS, () => this.killHung(ident));
    return this.#limited;
  }

  /** It is done, or counts as there to stay, or the worker is no more. Returns what `leftoversBegin` did. */
  leftoversEnd(): boolean {
    const began = this.leftoversOf !== 0;
    this.leftoversOf = 0;
    this.#stopTimer?.();
    return began && this.#limited;
  }

  /**
   * Kills the worker when it has not looked at the job, which was withdrawn, after `grace` ms. One that runs a job is left to
   * whoever wants that; one that has come up meanwhile has had no time to look.
   */
  expectLife(seq: number, grace: number): void {
    if (grace === Number.POSITIVE_INFINITY || this.#session.dead) return;
    const wasUp = this.#session.opened;
    lateAfter(Math.max(grace, PROMPT_MS), () => {
      const { opened, dead, opening } = this.#session;
      if (opened && !wasUp) {
        this.expectLife(seq, grace);
        return;
      }
      // One that starts, and has got another job since, may have a long `setup`: each cancel would make it begin anew.
      const setsUp = !opened && this.#jobs.size > 0 && opening.life.setup !== undefined;
      // What has moved there since would be lost with it.
      const isWanted = setsUp || [...this.#jobs].some(({ transfer }) => transfer.length > 0);
      const looks = this.hasSeen(seq) || this.#jobs.running !== undefined;
      if (!dead && !isWanted && !looks) this.#session.giveUp();
    });
  }

  /**
   * Kills the worker when it does not look at its next job for HUNG_MS, though no job runs in it: promises that one has left
   * behind block it. Asked now and then while it has jobs, and counts what has passed between two of these looks: neither how
   * long a worker takes to come up, nor much of a time in which this thread was blocked, or the process stopped.
   */
  recheck(): boolean {
    const [oldest] = this.#jobs;
    if (oldest === undefined || this.#session.dead) return false;
    const time = clock();
    const passed = Math.min(time - this.#checked, 2 * RECHECK_MS);
    this.#checked = time;
    const looks = !this.#session.opened || this.leftoversOf !== 0 || this.hasSeen(oldest.seq);
    this.#unseen = looks || oldest.seq !== this.#oldest ? 0 : this.#unseen + passed;
    this.#oldest = oldest.seq;
    if (this.#unseen >= HUNG_MS) this.killHung(null);
    return true;
  }

  /** Whether the worker has looked at that job, or at a later one, or has told that it cannot read it. */
  hasSeen(seq: number): boolean {
    return seq === this.refused || hasSeen(this.#session.opening.cells, seq);
  }

  /** Kills the worker, which is blocked by what a job has left behind, and tells of it: nobody else can. */
  killHung(ident: number | null): void {
    reportUnhandled(ident, new ThreadError(HUNG, { code: 'ERR_THREAD_DIED' }));
    this.#session.giveUp();
  }
}
