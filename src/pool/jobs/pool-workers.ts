import type { MessagePort, Worker } from 'node:worker_threads';
import { soon } from '../../primitives/waiting/event-loop.js';
import { newPiscina, type Piscina, type PiscinaOptions, queueOptions } from '../workers/piscina.js';
import { reportUnhandled } from '../workers/unhandled.js';

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

/** A task of Piscina's that runs a job of ours. */
interface Task {
  readonly job: PendingTask;
  /** Undefined: it waits for a worker that starts. */
  worker: WorkerState | undefined;
}

/** What is known of a worker. */
interface WorkerState {
  readonly worker: Worker;
  readonly exit: Promise<WorkerExit>;
  /** It has said that it is ready. Those that Piscina begins with are believed to be: they get jobs at once. */
  up: boolean;
  /** We end it as it starts: its exit is no failure. */
  unwanted: boolean;
  error: unknown;
  /** That has not given it back. */
  job: PendingTask | undefined;
  /** Our tasks in it that Piscina counts: a job gives its worker back before Piscina hears of the end. */
  tasks: number;
}

type Balancer = NonNullable<PiscinaOptions['loadBalancer']>;

/**
 * The workers of a pool, over Piscina, which tells neither in which of them a job runs, nor when a killed one is gone,
 * and forgets a job whose worker fails while it starts.
 *
 * Piscina starts workers when a task finds none, and to replace those that died, which it tells nobody. So whether a
 * worker is up is what the worker says, never who started it.
 * Invariant: for each task that waits there is a worker that starts. A worker is given back without Piscina only while
 * none waits; Piscina gives it to the one that does.
 */
export class PoolWorkers {
  readonly piscina: Piscina;
  readonly #states = new WeakMap<Worker, WorkerState>();
  /** Of those that have not exited, by their number. */
  readonly #alive = new Map<number, WorkerState>();
  readonly #waiting = new Set<Task>();
  readonly #tasks = new Set<Promise<void>>();

  /** @param changed - one has come or gone */
  constructor(options: PiscinaOptions, changed: () => void) {
    this.piscina = newPiscina({
      ...options,
      atomics: 'disabled',
      recordTiming: false,
      loadBalancer: (task, workers) => this.#choose(task, workers),
    });
    this.piscina.on('error', (error) => this.#failedAlone(error));
    this.piscina.on('workerCreate', ({ id }) => {
      this.#watchAll();
      const state = this.#alive.get(id);
      if (state !== undefined) state.up = true;
      changed();
    });
    this.piscina.on('workerDestroy', () => {
      // Piscina replaces it once this returns.
      soon(() => this.#watchAll());
      changed();
    });
    for (const worker of this.piscina.threads) this.#watch(worker).up = true;
  }

  /** Whether a job waits for a worker that starts. */
  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** Piscina's promise: settles when the job's function has ended, or rejects. Never throws. */
  run(job: PendingTask, port: MessagePort, signal: AbortSignal): Promise<void> {
    const done = this.#run(job, port, signal);
    this.#tasks.add(done);
    const forget = (): boolean => this.#tasks.delete(done);
    done.then(forget, forget);
    return done;
  }

  /** Ends the workers once what they run is done, what it printed included. */
  async close(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks);
    await this.piscina.destroy();
  }

  async #run(job: PendingTask, port: MessagePort, signal: AbortSignal): Promise<void> {
    const task: Task = { job, worker: undefined };
    this.#waiting.add(task);
    try {
      const done = this.piscina.run(
        { port, [queueOptions()]: task },
        { name: 'runJob', transferList: [port], signal },
      );
      this.#watchAll();
      await done;
    } finally {
      this.#waiting.delete(task);
      if (task.worker !== undefined) {
        task.worker.tasks--;
        if (task.worker.job === job) task.worker.job = undefined;
      }
      this.#watchAll();
    }
  }

  /** The job in it has ended: it can take the next one. */
  giveBack(worker: Worker): void {
    this.#stateOf(worker).job = undefined;
  }

  /** Piscina still counts on it. */
  has(worker: Worker): boolean {
    return this.piscina.threads.includes(worker);
  }

  /** Resolves when it has exited. */
  exitOf(worker: Worker): Promise<WorkerExit> {
    return this.#stateOf(worker).exit;
  }

  /** For a job that waits and is not wanted any more: ends the worker that has been starting longest. */
  async killStarting(): Promise<void> {
    const starting = this.#starting();
    const [oldest] = starting;
    if (oldest === undefined || starting.length < this.#waiting.size) return;
    oldest.unwanted = true;
    void oldest.worker.terminate();
    await oldest.exit;
  }

  #choose(task: Parameters<Balancer>[0], workers: Parameters<Balancer>[1]): ReturnType<Balancer> {
    const ours = Reflect.get(task, queueOptions()) as Task | null;
    for (const candidate of workers) {
      const state = this.#alive.get(candidate.id);
      if (state === undefined || !state.up || state.job !== undefined) continue;
      // One task that can be aborted counts as any number.
      const tasks = candidate.currentUsage === Number.POSITIVE_INFINITY ? 1 : candidate.currentUsage;
      if (tasks > (ours === null ? 0 : state.tasks)) continue;
      if (ours !== null) this.#assign(ours, state);
      return candidate;
    }
    return null;
  }

  #assign(task: Task, state: WorkerState): void {
    this.#waiting.delete(task);
    task.worker = state;
    state.job = task.job;
    state.tasks++;
    task.job.assigned(state.worker);
  }

  /** Oldest first. */
  #starting(): WorkerState[] {
    return [...this.#alive.values()].filter(({ up, unwanted }) => !up && !unwanted);
  }

  #stateOf(worker: Worker): WorkerState {
    return this.#states.get(worker) ?? this.#watch(worker);
  }

  #watchAll(): void {
    for (const worker of this.piscina.threads) if (!this.#states.has(worker)) this.#watch(worker);
  }

  #watch(worker: Worker): WorkerState {
    const { threadId } = worker;
    const state: WorkerState = {
      worker,
      exit: new Promise((resolve) => {
        worker.once('exit', (exitCode: number) => {
          this.#alive.delete(threadId);
          const exit = { error: state.error, exitCode };
          resolve(exit);
          if (!state.up && !state.unwanted) this.#failedToStart(exit);
        });
      }),
      up: false,
      unwanted: false,
      error: undefined,
      job: undefined,
      tasks: 0,
    };
    // Before Piscina hears of it.
    worker.prependListener('error', (error: unknown) => {
      state.error = error;
      // Piscina takes it for the end of a job that has ended, and tells nobody.
      if (state.up && state.job === undefined && state.tasks > 0) reportUnhandled(null, state.error);
    });
    this.#states.set(worker, state);
    this.#alive.set(threadId, state);
    return state;
  }

  #failedToStart(exit: WorkerExit): void {
    if (this.#waiting.size > this.#starting().length) {
      const [task] = this.#waiting;
      if (task !== undefined) {
        this.#waiting.delete(task);
        task.job.startFailed(exit);
        return;
      }
    }
    if (exit.error !== undefined) reportUnhandled(null, exit.error);
  }

  /** No task of Piscina's was in it: something that one left behind, unless a job is killed in it or it only starts. */
  #failedAlone(error: unknown): void {
    for (const state of this.#alive.values())
      if (state.error === error && (!state.up || state.job !== undefined)) return;
    reportUnhandled(null, error);
  }
}
