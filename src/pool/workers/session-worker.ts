import type { WorkerExit } from './job.js';
import { awakeAfter } from './late-after.js';

/** ms that a `teardown` may take. */
const TEARDOWN_MS = 5000;

/** A worker that was made for a session, as far as the session needs it: see open-worker.ts. */
export interface MadeWorker {
  readonly threadId: number;
  /** false: it has exited, whether or not the event loop has heard of that. */
  exists(): boolean;
  ref(): void;
  terminate(): void;
  /** Hands the port over: `opening` of the session. */
  open(): void;
}

/**
 * The worker of a session, from before it is made until it has exited.
 *
 *   awaited -`attach`-> made -`open`, with the first job-> handed over -`tearDown`-> tears down
 *   any of these -`kill`-> killed;  any of these -`exited`-> gone
 */
export class SessionWorker {
  #made: MadeWorker | undefined;
  #handedOver = false;
  #killed = false;
  #tearsDown = false;
  #gone = false;
  /** Why it exits, where it has said so. */
  failure: unknown;
  #tellExit: () => void = () => {};
  /** Resolves when the worker is gone, and those that lost a job by it have been told. */
  readonly exit: Promise<void> = new Promise((resolve) => {
    this.#tellExit = resolve;
  });

  /** Node's number of it; -1: it is not made yet. */
  get id(): number {
    return this.#made?.threadId ?? -1;
  }

  get killed(): boolean {
    return this.#killed;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** false: no job will begin in it any more; asked by who blocks the event loop, that would hear of it. */
  get exists(): boolean {
    return !this.#gone && this.#made?.exists() !== false;
  }

  /** It is gone, or is about to be. */
  get dead(): boolean {
    return this.#gone || this.#killed || this.#tearsDown;
  }

  attach(made: MadeWorker): void {
    this.#made = made;
  }

  /** Hands the port over, once there is a job: a worker that is kept for later keeps no process alive meanwhile. */
  open(): void {
    if (this.#handedOver || this.#made === undefined) return;
    this.#handedOver = true;
    this.#made.open();
  }

  /** From now on the worker itself keeps the process alive. */
  ref(): void {
    this.#made?.ref();
  }

  /** @param ask - posts the worker that it is to tear down, which ends it; it is killed when that takes too long */
  tearDown(ask: () => void): void {
    this.#tearsDown = true;
    ask();
    awakeAfter(TEARDOWN_MS, () => this.kill());
  }

  kill(): void {
    if (this.#gone || this.#killed) return;
    this.#killed = true;
    this.#made?.terminate();
  }

  /** It has exited, or will not be made. */
  exited(): void {
    this.#gone = true;
  }

  /** @param thrown - in it, and not caught */
  exitOf(thrown: unknown, exitCode: number): WorkerExit {
    const error = thrown ?? this.failure;
    const terminated = this.#killed || (this.#tearsDown && error === undefined);
    return { exitCode, terminated, ...(error !== undefined && !terminated && { error }) };
  }

  tellExit(): void {
    this.#tellExit();
  }
}
