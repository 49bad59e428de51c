import {
  MessageChannel,
  type MessagePort,
  type TransferListItem,
  threadId,
  type Worker,
} from 'node:worker_threads';
import { clock } from '../../primitives/threads/table.js';
import { withdraw } from '../../primitives/threads/thread-slots.js';
import type { FromThread, ToThread } from '../wire/messages.js';
import { PortChannel } from '../wire/port-channel.js';
import type { WorkerHandle, WorkerListener } from '../workers/executor.js';
import type { JobResult } from './job-counters.js';
import type { Queued } from './places.js';
import type { PendingTask, PoolWorkers, WorkerExit } from './pool-workers.js';

/** What a pool hears of a job. */
export interface JobWatcher {
  /** Once, before its listener hears of it. */
  ended(how: JobResult): void;
  /** Once, if it ran: when, on the clock of all threads. */
  ran(began: number, ended: number): void;
  /** It has left the line. */
  dropped(): void;
  /** Its place is free: the worker can take another, or is no more. */
  over(): void;
}

// IN_LINE -its turn comes-> HANDED_OVER -a worker takes it-> ASSIGNED; each -the worker is free again, or gone-> OVER
const IN_LINE = 0;
const HANDED_OVER = 1;
const ASSIGNED = 2;
const OVER = 3;

/**
 * A thread as a job of a pool, from the time it waits for a worker until the worker can take another. Piscina keeps the
 * process alive while a job runs, daemon or not.
 */
export class Job implements WorkerHandle, Queued, PendingTask {
  readonly ident: number;
  readonly #workers: PoolWorkers;
  readonly #listener: WorkerListener;
  readonly #watcher: JobWatcher;
  readonly #channel: PortChannel<ToThread, FromThread>;
  readonly #workersPort: MessagePort;
  readonly #abort = new AbortController();
  #place: typeof IN_LINE | typeof HANDED_OVER | typeof ASSIGNED | typeof OVER = IN_LINE;
  #worker: Worker | undefined;
  #assignedAt = 0;
  #killed = false;
  #withdrawn = false;
  #ended = false;
  #dead = false;
  readonly #whenOver: (() => void)[] = [];

  /** @throws DataCloneError */
  constructor(
    workers: PoolWorkers,
    first: readonly ToThread[],
    transfer: readonly TransferListItem[],
    listener: WorkerListener,
    watcher: JobWatcher,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.#channel = new PortChannel(port1);
    this.#workersPort = port2;
    this.ident = first.find(({ kind }) => kind === 'start')?.ident ?? 0;
    this.#workers = workers;
    this.#listener = listener;
    this.#watcher = watcher;
    this.post(first, transfer);
    this.#channel.hear((message) => this.#hear(message));
  }

  /** Of the line. */
  get left(): boolean {
    return this.#place !== IN_LINE;
  }

  begin(): void {
    this.#place = HANDED_OVER;
    this.#workers.run(this, this.#workersPort, this.#abort.signal).then(
      () => this.#over(),
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

  /** Until a worker has taken it up, it is this one's. */
  get workerId(): number {
    return threadId;
  }

  post(messages: readonly ToThread[], transfer: readonly TransferListItem[] = []): void {
    for (const message of messages) this.#channel.post(message, message === messages.at(-1) ? transfer : []);
  }

  drain(): void {
    this.#channel.drain();
  }

  hold(): void {}

  whenFlushed(flushed: () => void): void {
    if (this.#place === OVER) flushed();
    else this.#whenOver.push(flushed);
  }

  /** One that no worker has begun with never does, and costs none. */
  async kill(): Promise<void> {
    this.#killed = true;
    if (withdraw(this.ident)) {
      this.#withdrawn = true;
      if (this.#place === IN_LINE) this.#leaveLine();
      this.#die(undefined, 0);
      if (this.#place === HANDED_OVER) this.#abort.abort();
      return;
    }
    this.#abort.abort();
    await new Promise<void>((resolve) => this.whenFlushed(resolve));
  }

  release(): void {}

  #leaveLine(): void {
    this.#place = OVER;
    this.#watcher.dropped();
    this.#channel.close();
  }

  #hear(message: FromThread): void {
    // A worker that is killed as it loads its modules goes on with half of them, and fails for want of the others.
    if (this.#killed && message.kind === 'threw') return;
    if ('began' in message && !this.#ended) {
      this.#ended = true;
      const cancelled = message.kind === 'threw' && message.cancelled;
      this.#watcher.ran(message.began, message.ended);
      this.#watcher.ended(cancelled ? 'cancelled' : message.kind === 'threw' ? 'failed' : 'completed');
    }
    this.#listener.onMessage(message);
  }

  /** Piscina has let go of a worker that was killed or crashed; it is there until it exits. */
  async #rejected(reason: unknown): Promise<void> {
    const worker = this.#worker;
    const exit = worker !== undefined && !this.#workers.has(worker) && (await this.#workers.exitOf(worker));
    if (exit) this.#die(exit.error, exit.exitCode);
    else this.#die(reason, 0);
    this.#over();
  }

  #die(error: unknown, exitCode: number): void {
    // Told already: it was withdrawn, or its worker failed to start.
    if (this.#dead) return;
    this.#dead = true;
    this.drain();
    const terminated = this.#killed;
    if (!this.#ended) {
      this.#ended = true;
      if (this.#place === ASSIGNED && !terminated) this.#watcher.ran(this.#assignedAt, clock());
      this.#watcher.ended(terminated ? 'cancelled' : 'failed');
    }
    // Of one that has ended, it is what the thread had left behind.
    this.#listener.onExit({
      error: terminated ? undefined : error,
      exitCode,
      terminated,
      withdrawn: this.#withdrawn,
    });
  }

  #over(): void {
    this.drain();
    this.#channel.close();
    this.#place = OVER;
    this.#watcher.over();
    for (const tell of this.#whenOver.splice(0)) tell();
  }
}
