import type { MessagePort, Worker } from 'node:worker_threads';
import { newPiscina, type Piscina, type PiscinaOptions, queueOptions } from '../workers/piscina.js';
import { reportUnhandled } from '../workers/unhandled.js';
import { explainMissing } from '../workers/worker-files.js';

/** How a worker ended. */
export interface WorkerExit {
  /** What was thrown and not caught in it. */
  readonly error: unknown;
  readonly exitCode: number;
}

/** A job on its way to a worker. */
export interface PendingTask {
  assigned(worker: Worker): void;
  /** The worker that was started for it did not come up: there will be none. */
  startFailed(exit: WorkerExit): void;
}

/**
 * The workers of a pool, over Piscina, which tells neither in which of them a job runs, nor when a killed one is gone,
 * and forgets a job whose worker fails while it starts.
 */
export class PoolWorkers {
  readonly piscina: Piscina;
  readonly #exits = new WeakMap<Worker, Promise<WorkerExit>>();
  /** Not ready yet. */
  readonly #starting = new Set<Worker>();
  /** Handed over, in no worker yet. */
  readonly #waiting = new Set<PendingTask>();

  /** @param changed - one has come or gone */
  constructor(options: PiscinaOptions, changed: () => void) {
    this.piscina = newPiscina({
      ...options,
      atomics: 'disabled',
      recordTiming: false,
      loadBalancer: (task, workers) => {
        const free = workers.find(({ id, currentUsage }) => currentUsage === 0 && !this.#isStarting(id));
        if (free === undefined) return null;
        const worker = this.piscina.threads.find(({ threadId }) => threadId === free.id);
        const pending = Reflect.get(task, queueOptions()) as PendingTask | null;
        if (worker !== undefined && pending !== null && this.#waiting.delete(pending))
          pending.assigned(worker);
        return free;
      },
    });
    this.piscina.on('error', (error) => this.#failedAlone(error));
    this.piscina.on('workerCreate', ({ id }) => {
      for (const worker of this.#starting) if (worker.threadId === id) this.#starting.delete(worker);
      changed();
    });
    this.piscina.on('workerDestroy', changed);
    for (const worker of this.piscina.threads) this.#watch(worker);
  }

  /** Piscina's promise: settles when the worker is free again, or rejects. Never throws. */
  run(pending: PendingTask, port: MessagePort, signal: AbortSignal): Promise<void> {
    this.#waiting.add(pending);
    const done = (async () => {
      try {
        const job = { port, [queueOptions()]: pending };
        await this.piscina.run(job, { name: 'runJob', transferList: [port], signal });
      } finally {
        this.#waiting.delete(pending);
      }
    })();
    for (const worker of this.piscina.threads) {
      if (this.#exits.has(worker)) continue;
      this.#watch(worker);
      this.#starting.add(worker);
    }
    return done;
  }

  /** Piscina still counts on it. */
  has(worker: Worker): boolean {
    return this.piscina.threads.includes(worker);
  }

  /** Resolves when it has exited. */
  exitOf(worker: Worker): Promise<WorkerExit> {
    return this.#exits.get(worker) ?? this.#watch(worker);
  }

  #watch(worker: Worker): Promise<WorkerExit> {
    const exit = new Promise<WorkerExit>((resolve) => {
      let error: unknown;
      worker.once('error', (thrown: unknown) => {
        error = explainMissing(thrown);
      });
      worker.once('exit', (exitCode: number) => resolve({ error, exitCode }));
    });
    this.#exits.set(worker, exit);
    void exit.then((ended) => {
      if (this.#starting.delete(worker)) this.#failedToStart(ended);
    });
    return exit;
  }

  #isStarting(id: number): boolean {
    for (const worker of this.#starting) if (worker.threadId === id) return true;
    return false;
  }

  #failedToStart(exit: WorkerExit): void {
    const [pending] = this.#waiting;
    if (pending !== undefined) {
      this.#waiting.delete(pending);
      pending.startFailed(exit);
    } else if (exit.error !== undefined) reportUnhandled(null, exit.error);
  }

  /** No job of Piscina's was in it: something that one left behind, unless it was only starting. */
  #failedAlone(error: unknown): void {
    for (const worker of this.#starting) if (!this.has(worker)) return;
    reportUnhandled(null, error);
  }
}
