import type { Subscription } from 'rxjs';
import type { Emitted, Target } from '../../primitives/target.js';
import { nextThreadNumber } from '../../primitives/threads/table.js';
import { CallerContext } from '../../primitives/waiting/caller-context.js';
import { onAbort } from '../../primitives/waiting/on-abort.js';
import type { Settle } from '../../primitives/waiting/wait.js';
import type { JobPool } from '../thread/job-pool.js';
import { limitRun, ranTooLong } from '../thread/run-limit.js';
import { cannotStart } from '../thread/start.js';
import { stopThread } from '../thread/stop-thread.js';
import { Thread } from '../thread/thread.js';
import { defaultName, transferItems } from '../thread/thread-options.js';
import { clone } from '../wire/clone-error.js';
import { decode, encode } from '../wire/codec.js';
import { movesWith } from '../wire/transfer.js';
import type { Queued } from './places.js';
import { type PoolJobs, ReservedPlace } from './pool-jobs.js';
import type { RunRequest } from './run-options.js';

const NOTHING: Snapshot = { args: [], transferList: [] };

/**
 * A job from its subscription on. While it stands in line it is no thread yet and takes no place in the table of
 * threads, so that any number may wait; its arguments are cloned at once, as they were when it was subscribed to.
 */
export class QueuedJob<R> implements Queued {
  readonly #pool: PoolJobs;
  readonly #request: RunRequest<R>;
  readonly #settle: Settle<Emitted<R>>;
  /** Of who subscribed: its callbacks run in it, whichever message ends the job. */
  readonly #context = new CallerContext();
  readonly #name: string;
  readonly #reserved: ReservedPlace;
  #with: Snapshot;
  #inLine = true;
  readonly #stoodInLine: boolean;
  #thread: Thread<R> | undefined;
  #progress: Subscription | undefined;
  #stopLimit: (() => void) | undefined;
  #over = false;
  readonly #forget: (() => void) | undefined;

  /** @throws ThreadError when the pool takes no more; TypeError naming the argument that cannot be cloned */
  constructor(pool: PoolJobs, request: RunRequest<R>, settle: Settle<Emitted<R>>) {
    this.#pool = pool;
    this.#request = request;
    this.#settle = settle;
    this.#name = request.name || defaultName(nextThreadNumber(), request.target as Target);
    pool.admit(this.#name);
    this.#reserved = new ReservedPlace(pool);
    this.#stoodInLine = !pool.places.hasRoom;
    this.#with = this.#stoodInLine ? snapshot(this.#name, request) : request;
    const { signal } = request;
    this.#forget = signal && onAbort(signal, () => this.#aborted());
    pool.places.submit(this);
  }

  get left(): boolean {
    return !this.#inLine;
  }

  begin(): void {
    this.#inLine = false;
    const thread = new Thread<R>({
      target: this.#request.target,
      args: this.#with.args,
      name: this.#name,
      transferList: this.#with.transferList,
      pool: this.#reserved as unknown as JobPool,
    });
    this.#with = NOTHING;
    const { onProgress } = this.#request;
    if (onProgress !== undefined)
      this.#progress = thread.progress$.subscribe((value) => this.#context.run(() => onProgress(value)));
    try {
      thread.start();
    } catch (error) {
      if (this.#stoodInLine) this.#pool.counters.ended('failed');
      this.#pool.places.release(false);
      this.#reject(error);
      return;
    }
    this.#thread = thread;
    // Nobody can have the other values of a stream.
    thread.outcome?.keepLast();
    thread.result().subscribe({
      next: (value) => {
        if (this.#finish()) this.#context.run(() => this.#settle.resolve(value));
      },
      error: (error) => this.#reject(error),
    });
    const { timeout } = this.#request;
    this.#stopLimit = limitRun(thread as Thread<never>, timeout, () => this.#expired(timeout));
  }

  /** Nobody wants it any more: out of the line, or asked to stop. @param reason - of the cancel of one that runs */
  leave(reason?: unknown): void {
    if (!this.#finish()) return;
    if (this.#inLine) {
      this.#inLine = false;
      this.#with = NOTHING;
      this.#pool.counters.ended('cancelled');
      this.#pool.places.withdrawn();
      return;
    }
    this.#progress?.unsubscribe();
    this.#reserved.job?.told();
    if (this.#thread !== undefined) stopThread(this.#thread as Thread<never>, this.#request.grace, reason);
  }

  #expired(timeout: number): void {
    if (this.#over) return;
    const error = ranTooLong(this.#name, timeout);
    this.leave(error);
    this.#context.run(() => this.#settle.reject(error));
  }

  #aborted(): void {
    if (this.#over) return;
    this.leave();
    this.#context.run(() => this.#settle.reject(this.#request.signal?.reason));
  }

  #reject(error: unknown): void {
    if (this.#finish()) this.#context.run(() => this.#settle.reject(error));
  }

  /** false: it was over. */
  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#forget?.();
    this.#stopLimit?.();
    return true;
  }
}

/** What a job is to be called with, as it is now. */
export interface Snapshot {
  readonly args: readonly unknown[];
  readonly transferList: readonly unknown[];
}

/**
 * Arguments cloned, and those of the transferList moved, as for a thread that starts now.
 *
 * @throws TypeError naming the argument that cannot be cloned
 */
export function snapshot(name: string, of: Snapshot): Snapshot {
  try {
    const moved = movesWith(transferItems(of), of.args);
    const asked = { encoded: encode(of.args, moved), transferList: moved };
    const { encoded, transferList } = clone(asked, moved);
    return { args: decode(encoded) as readonly unknown[], transferList };
  } catch (cause) {
    throw cannotStart(name, of.args, cause);
  }
}
