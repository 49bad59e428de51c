import type { TeardownLogic } from 'rxjs';
import { show } from '../../primitives/options.js';
import type { Emitted, Target } from '../../primitives/target.js';
import type { Settle } from '../../primitives/waiting/wait.js';
import { moves } from '../wire/transfer.js';
import { jobTarget } from '../workers/job-target.js';
import type { Dispatcher } from './dispatcher.js';
import type { PoolSession } from './pool-session.js';
import { RunJob } from './run-job.js';
import type { RunRequest } from './run-options.js';

/** @throws TypeError for what can go to one worker alone */
export function checkBroadcast({ args, options }: RunRequest<unknown>): void {
  if (options.transferList.length > 0)
    throw new TypeError(`broadcast takes no transferList, got ${show(options.transferList)}`);
  const moved = args.find(moves);
  if (moved !== undefined)
    throw new TypeError(
      `broadcast takes nothing that moves, as that can go to one worker, got ${show(moved)}`,
    );
}

/**
 * Gives each of these workers the job. Returns how to leave all of them.
 *
 * @param counts - the statistics tell of them
 */
export function broadcastTo<R>(
  sessions: readonly PoolSession[],
  jobs: Dispatcher,
  request: RunRequest<R>,
  counts: boolean,
  settle: Settle<Emitted<R>[]>,
): TeardownLogic {
  const known = jobTarget(request.target as Target);
  const broadcast = new Broadcast<Emitted<R>>(sessions.length, settle);
  for (const [nth, session] of sessions.entries()) {
    const job = new RunJob<R>(jobs, known, request, broadcast.end(nth));
    const tied = { counts, left: () => broadcast.leaveOut(job) };
    try {
      job.submit(() => jobs.send(job, session, tied));
      broadcast.sent(job);
    } catch (error) {
      broadcast.fail(error);
      break;
    }
  }
  return () => broadcast.leave();
}

/** A job that one of the workers has. */
interface Sent {
  leave(): void;
}

/**
 * One job for each of several workers: ends with what they give, in the order of the workers, or with the first error, and
 * then leaves the others. A worker that ends before its turn is left out.
 */
class Broadcast<R> {
  readonly #settle: Settle<R[]>;
  readonly #jobs: Sent[] = [];
  readonly #results: R[] = [];
  /** Jobs that have not ended. */
  #pending: number;
  #over = false;

  /** @param count - how many jobs there will be */
  constructor(count: number, settle: Settle<R[]>) {
    this.#settle = settle;
    this.#pending = count;
    if (count === 0) settle.resolve([]);
  }

  /** Where the job of the nth worker ends. */
  end(nth: number): Settle<R> {
    return {
      resolve: (value) => {
        this.#results[nth] = value;
        this.#ended();
      },
      reject: (error) => this.fail(error),
    };
  }

  #ended(): void {
    this.#pending--;
    // Without the holes of those that are left out.
    if (this.#pending === 0 && !this.#over) this.#settle.resolve(this.#results.filter(() => true));
  }

  sent(job: Sent): void {
    this.#jobs.push(job);
    if (this.#over) job.leave();
  }

  /** Its worker is gone. */
  leaveOut(job: Sent): void {
    job.leave();
    this.#ended();
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.leave();
    this.#settle.reject(error);
  }

  leave(): void {
    this.#over = true;
    for (const job of this.#jobs) job.leave();
  }
}
