import type { Worker } from 'node:worker_threads';
import { soon } from '../../primitives/waiting/event-loop.js';
import { newPiscina, type Piscina, type PiscinaOptions, queueOptions } from '../workers/piscina.js';
import type { Session } from '../workers/session.js';
import { reportUnhandled } from '../workers/unhandled.js';

/** What is known of a worker. */
interface WorkerState {
  readonly worker: Worker;
  /** It has said that it is ready. Those that Piscina begins with are believed to be: they get a session at once. */
  up: boolean;
  /** We end it as it starts: its exit is no failure. */
  unwanted: boolean;
  error: unknown;
  session: Session | undefined;
}

type Balancer = NonNullable<PiscinaOptions['loadBalancer']>;

/**
 * The workers of a pool, over one Piscina, in which each session is opened by one short task. Piscina tells neither which
 * worker a task goes to, nor that a worker has failed as it started: then it forgets the task.
 *
 * Piscina starts workers when a task finds none, and to replace those that died, which it tells nobody. So whether a
 * worker is up is what the worker says, never who started it.
 * Invariant: for each session that waits there is a worker that starts.
 */
export class PoolWorkers {
  readonly piscina: Piscina;
  readonly #states = new WeakMap<Worker, WorkerState>();
  /** Of those that have not exited, by their number. */
  readonly #alive = new Map<number, WorkerState>();
  /** Sessions that wait for a worker, with what takes their tasks out of Piscina's queue. */
  readonly #waiting = new Map<Session, AbortController>();
  readonly #came: () => void;
  readonly #changed: () => void;

  /**
   * @param came - a worker has come up, and no session waits for one
   * @param changed - one has come or gone
   */
  constructor(options: PiscinaOptions, came: () => void, changed: () => void) {
    this.#came = came;
    this.#changed = changed;
    this.piscina = newPiscina({
      ...options,
      // Piscina's would end workers whose session has jobs, of which it knows nothing: the dispatcher ends idle ones.
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
      recordTiming: false,
      loadBalancer: (task, workers) => this.#choose(task, workers),
    });
    // Each is told where it belongs, by the exit of its worker.
    this.piscina.on('error', () => {});
    for (const worker of this.piscina.threads) this.#watch(worker).up = true;
    this.piscina.on('workerCreate', ({ id }) => this.#up(id));
    this.piscina.on('workerDestroy', () => {
      // Piscina replaces it once this returns.
      soon(() => this.#watchAll());
      changed();
    });
  }

  /** Those that are starting included. */
  get count(): number {
    return this.piscina.threads.length;
  }

  /** Workers that have no session, and that none waits for. */
  get surplus(): number {
    let without = 0;
    for (const { session, unwanted } of this.#alive.values())
      if (session === undefined && !unwanted) without++;
    return Math.max(0, without - this.#waiting.size);
  }

  /** Opens a session in a worker that has none, or in one that is started for it. */
  open(session: Session): void {
    const abort = new AbortController();
    this.#waiting.set(session, abort);
    session.abandon = () => {
      this.#leaveQueue(session);
      void this.#dropStarting().then(() => session.exited(undefined, 0));
    };
    const { opening } = session;
    this.piscina
      .run(
        { ...opening, [queueOptions()]: session },
        { name: 'openSession', transferList: [opening.port], signal: abort.signal },
      )
      // Its worker has exited, or nobody wants it any more.
      .catch(() => {});
    this.#watchAll();
  }

  #leaveQueue(session: Session): void {
    this.#waiting.get(session)?.abort();
    this.#waiting.delete(session);
  }

  async close(): Promise<void> {
    await this.piscina.destroy();
  }

  #choose(task: Parameters<Balancer>[0], workers: Parameters<Balancer>[1]): ReturnType<Balancer> {
    const session = Reflect.get(task, queueOptions()) as Session | null;
    for (const candidate of workers) {
      const state = this.#alive.get(candidate.id);
      if (state === undefined || !state.up) continue;
      if (session === null) {
        // A task of the user's, beside our jobs.
        if (candidate.currentUsage === 0) return candidate;
      } else if (state.session === undefined && !state.unwanted) {
        this.#waiting.delete(session);
        state.session = session;
        session.attach(state.worker);
        return candidate;
      }
    }
    return null;
  }

  #up(id: number): void {
    this.#watchAll();
    const state = this.#alive.get(id);
    if (state === undefined) return;
    state.up = true;
    this.#changed();
    // Once Piscina has given it what waits.
    soon(() => {
      if (this.#waiting.size === 0) this.#came();
    });
  }

  /** Oldest first. */
  #starting(): WorkerState[] {
    return [...this.#alive.values()].filter(({ up, unwanted }) => !up && !unwanted);
  }

  /** Ends the worker that has been starting longest, unless a session waits for it. */
  async #dropStarting(): Promise<void> {
    const starting = this.#starting();
    const [oldest] = starting;
    if (oldest === undefined || starting.length <= this.#waiting.size) return;
    oldest.unwanted = true;
    await oldest.worker.terminate();
  }

  #watchAll(): void {
    for (const worker of this.piscina.threads) if (!this.#states.has(worker)) this.#watch(worker);
  }

  #watch(worker: Worker): WorkerState {
    const { threadId } = worker;
    const state: WorkerState = { worker, up: false, unwanted: false, error: undefined, session: undefined };
    // Before Piscina hears of it.
    worker.prependListener('error', (error: unknown) => {
      state.error = error;
    });
    worker.once('exit', (exitCode: number) => {
      this.#alive.delete(threadId);
      this.#exited(state, exitCode);
      this.#changed();
    });
    this.#states.set(worker, state);
    this.#alive.set(threadId, state);
    return state;
  }

  #exited({ session, up, unwanted, error }: WorkerState, exitCode: number): void {
    const [waiting] = this.#waiting.keys();
    if (session !== undefined) session.exited(error, exitCode);
    else if (!up && !unwanted && waiting !== undefined && this.#waiting.size > this.#starting().length) {
      this.#leaveQueue(waiting);
      waiting.exited(error, exitCode);
    } else if (error !== undefined && !unwanted) reportUnhandled(null, error);
  }
}
