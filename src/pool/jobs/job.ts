import {
  MessageChannel,
  type MessagePort,
  type TransferListItem,
  threadId,
  type Worker,
} from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import { clock } from '../../primitives/threads/table.js';
import { withdraw } from '../../primitives/threads/thread-slots.js';
import { after, nextTurn } from '../../primitives/waiting/event-loop.js';
import type { EndMessage, FromThread, ToThread } from '../wire/messages.js';
import { PortChannel } from '../wire/port-channel.js';
import type { WorkerHandle, WorkerListener } from '../workers/executor.js';
import { reportUnhandled } from '../workers/unhandled.js';
import type { JobCounters } from './job-counters.js';
import type { Places, Queued } from './places.js';
import type { PendingTask, PoolWorkers, WorkerExit } from './pool-workers.js';

/** ms that a worker has at least to say that it has let go of a job that was withdrawn: it takes a turn of its loop. */
const PROMPT_MS = 100;
/** ms after its end in which a job's worker says that it is free: a second for what was left behind, and some to say so. */
const HUNG_MS = 5000;
const HUNG = 'what a job left behind blocks its worker, which is killed';

/** What a job needs of its pool. */
export interface PoolOfJobs {
  readonly workers: PoolWorkers;
  readonly places: Places;
  readonly counters: JobCounters;
  /** Those that are threads already. */
  readonly jobs: Set<Job>;
}

// IN_LINE -its turn comes-> HANDED_OVER -a worker takes it-> ASSIGNED; each -the worker is free again, or gone-> OVER
const IN_LINE = 0;
const HANDED_OVER = 1;
const ASSIGNED = 2;
const OVER = 3;

/**
 * A thread as a job of a pool, from the time it waits for a worker until the worker can take another. Piscina keeps the
 * process alive while a job runs, daemon or not.
 *
 * One that is asked to go gives its place back once its worker says that it has let go. A worker that cannot hear of it,
 * because it hangs in its start or in what an earlier job left behind, is killed after the grace, as one whose job runs on.
 */
export class Job implements WorkerHandle, Queued, PendingTask {
  readonly ident: number;
  readonly #pool: PoolOfJobs;
  readonly #accepted: number;
  readonly #listener: WorkerListener;
  readonly #channel: PortChannel<ToThread, FromThread>;
  readonly #workersPort: MessagePort;
  readonly #abort = new AbortController();
  #place: typeof IN_LINE | typeof HANDED_OVER | typeof ASSIGNED | typeof OVER = IN_LINE;
  #worker: Worker | undefined;
  #assignedAt = 0;
  #killed = false;
  #withdrawn = false;
  #ended = false;
  #told = false;
  #dead = false;
  /** Kills the worker later, if it does not free itself. */
  #stopTimer: (() => void) | undefined;
  #closed = false;
  readonly #whenClosed: (() => void)[] = [];

  /**
   * @param accepted - when, on the clock of all threads
   * @throws DataCloneError
   */
  constructor(
    pool: PoolOfJobs,
    accepted: number,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.#channel = new PortChannel(port1);
    this.#workersPort = port2;
    this.ident = first.find(({ kind }) => kind === 'start')?.ident ?? 0;
    this.#pool = pool;
    this.#accepted = accepted;
    this.#listener = listener;
    this.post(first, transfer);
    this.#channel.hear((message) => this.#hear(message));
    pool.jobs.add(this);
  }

  /** Whether it stands in line no more. */
  get left(): boolean {
    return this.#place !== IN_LINE;
  }

  get needsLoop(): boolean {
    return this.#place === IN_LINE || this.#place === HANDED_OVER;
  }

  begin(): void {
    this.#place = HANDED_OVER;
    this.#pool.workers.run(this, this.#workersPort, this.#abort.signal).then(
      () => this.#close(),
      (error) => this.#rejected(error),
    );
  }

  assigned(worker: Worker): void {
    this.#place = ASSIGNED;
    this.#worker = worker;
    this.#assignedAt = clock();
  }

  startFailed({ error, exitCode }: WorkerExit): void {
    this.#die(error, exitCode);
    this.#abort.abort();
  }

  /** Not known yet. Our own thread's: a job that is queued dies with the thread that queued it. */
  get workerId(): number {
    return threadId;
  }

  post(messages: readonly ToThread[], transfer: readonly TransferListItem[] = []): void {
    for (const message of messages) this.#channel.post(message, message === messages.at(-1) ? transfer : []);
  }

  drain(): void {
    if (!this.#closed) this.#channel.drain();
  }

  hold(): void {}

  whenFlushed(flushed: () => void): void {
    if (this.#closed) flushed();
    else this.#whenClosed.push(flushed);
  }

  withdraw(grace: number): boolean {
    if (this.#ended || !withdraw(this.ident)) return false;
    this.#killed = true;
    this.#withdrawn = true;
    if (this.#place === IN_LINE) {
      this.#over();
      this.#pool.places.withdrawn();
      this.#close();
    } else if (grace !== Number.POSITIVE_INFINITY) this.#killLater(Math.max(grace, PROMPT_MS));
    this.#die(undefined, 0);
    return true;
  }

  /** One that has not begun never does, and costs a worker only if that does not say so in time. */
  async kill(): Promise<void> {
    if (!this.withdraw(0)) {
      this.#killed = true;
      void this.#killWorker();
    }
    await new Promise<void>((resolve) => this.whenFlushed(resolve));
  }

  release(): void {}

  /** The user of the job has heard how it ended, or does not want to: who comes next need not wait for a place. */
  told(): void {
    if (this.#told || this.#place === IN_LINE || this.#place === OVER) return;
    this.#told = true;
    this.#pool.places.told();
  }

  /** A turn later than due: a loop that was blocked hears first what the worker has said meanwhile. */
  #killLater(ms: number, why?: ThreadError): void {
    this.#stopTimer ??= after(ms, () =>
      nextTurn(() => {
        if (this.#place === OVER) return;
        this.#killed = true;
        if (why !== undefined) reportUnhandled(this.ident, why);
        void this.#killWorker();
      }),
    );
  }

  async #killWorker(): Promise<void> {
    if (this.#place === HANDED_OVER) await this.#pool.workers.killStarting();
    // A worker may have come up meanwhile, and said that it is free.
    if (this.#place !== OVER) this.#abort.abort();
  }

  #hear(message: FromThread): void {
    // terminate() in the middle of an import lets a worker run on with half of its modules; what fails then is no error
    // of the target.
    if (this.#killed && message.kind === 'threw') return;
    if ('began' in message) this.#end(message);
    else if (message.kind === 'idle') this.#free();
    this.#listener.onMessage(message);
  }

  /** Its place is free before anybody hears of its end: who has awaited it finds room for the next. */
  #end(message: EndMessage): void {
    if (this.#ended) return;
    this.#ended = true;
    const cancelled = message.kind === 'threw' && message.cancelled;
    const { counters } = this.#pool;
    counters.ran(this.#accepted, message.began, message.ended);
    counters.ended(cancelled ? 'cancelled' : message.kind === 'threw' ? 'failed' : 'completed');
    this.told();
    if (message.idle) this.#free();
    else this.#killLater(HUNG_MS, new ThreadError(HUNG, { code: 'ERR_THREAD_DIED' }));
  }

  /** The worker can take another job. Where one waits for a worker, Piscina gives it this one, and then tells. */
  #free(): void {
    if (this.#worker === undefined || this.#place === OVER || this.#abort.signal.aborted) return;
    if (this.#pool.workers.isAwaited) return;
    this.#pool.workers.giveBack(this.#worker);
    this.#over();
    this.#pool.places.release(this.#told);
  }

  /** Piscina has let go of a worker that was killed or crashed; it is there until it exits. */
  async #rejected(reason: unknown): Promise<void> {
    const worker = this.#worker;
    const { workers } = this.#pool;
    const exit = worker !== undefined && !workers.has(worker) && (await workers.exitOf(worker));
    if (this.#place !== OVER) {
      if (exit) this.#die(exit.error, exit.exitCode);
      else this.#die(reason, 0);
    }
    this.#close();
  }

  #die(error: unknown, exitCode: number): void {
    // Told already: it was withdrawn, or its worker failed to start.
    if (this.#dead) return;
    this.drain();
    this.#dead = true;
    const terminated = this.#killed;
    const why = terminated ? undefined : error;
    if (!this.#ended) {
      this.#ended = true;
      const { counters } = this.#pool;
      if (this.#place === ASSIGNED && !terminated) counters.ran(this.#accepted, this.#assignedAt, clock());
      counters.ended(terminated ? 'cancelled' : 'failed');
    }
    this.told();
    // Of one that has ended, it is what the thread had left behind.
    this.#listener.onExit({ error: why, exitCode, terminated, withdrawn: this.#withdrawn });
  }

  /** Nothing more comes from the worker: it has printed what the job printed, or is gone. */
  #close(): void {
    if (this.#closed) return;
    this.drain();
    this.#closed = true;
    // Its end has come, and cannot be read.
    if (!this.#ended) this.#die(undefined, 0);
    this.#channel.close();
    if (this.#place !== OVER) {
      this.#over();
      this.#pool.places.release(this.#told);
    }
    for (const tell of this.#whenClosed.splice(0)) tell();
  }

  /** Its place is given back, or it has left the line. */
  #over(): void {
    this.#place = OVER;
    this.#stopTimer?.();
    this.#pool.jobs.delete(this);
  }
}
