import type { Observable } from 'rxjs';
import type { WaitOptions } from '../../primitives/options.js';
import type { Emitted, RunParameters, Target } from '../../primitives/target.js';
import type { ThreadWait } from '../../primitives/threads/wait-graph.js';
import type { Wait } from '../../primitives/waiting/wait.js';
import type { MapOptions } from './map-options.js';

/** How long something took, in ms, over many times. The mean and the maximum are exact, the percentiles within 1 %. */
export interface TimeStats {
  /** The mean, in ms. */
  readonly mean: number;
  /** The median, in ms. */
  readonly p50: number;
  /** What 99 of 100 stay under, in ms. */
  readonly p99: number;
  /** The longest, in ms. */
  readonly max: number;
}

/** Every job that was accepted is in exactly one of `queued`, `completed`, `failed` and `cancelled`, or runs. */
export interface PoolStats {
  /** Workers, those that are being started included. */
  readonly threads: number;
  /**
   * Workers that are taken: by a job that runs, that is about to begin, or that has ended and left something behind.
   */
  readonly busy: number;
  /** Jobs that wait for a worker. */
  readonly queued: number;
  /** Jobs that ended well. */
  readonly completed: number;
  /** Jobs that ended with an error, or whose worker died. */
  readonly failed: number;
  /** Jobs that were dropped before they began, ended with the reason they were cancelled for, or were killed. */
  readonly cancelled: number;
  /** Jobs are queued, and every worker has waited for more than a second for what only jobs of the pool can end. */
  readonly starved: boolean;
  /** Over the pool's life, of all jobs that ran and were not killed: how long. */
  readonly runTime: TimeStats;
  /** The same, from when it was accepted until it began. */
  readonly waitTime: TimeStats;
}

/** That a pool does not get on, and why. */
export interface PoolWarning {
  /** The pool's name. */
  readonly pool: string;
  /** Which job waits for what, and who holds it. */
  readonly message: string;
  /** What the workers wait for, one each. */
  readonly waits: readonly ThreadWait[];
  /** How many jobs wait for a worker. */
  readonly queued: number;
}

/** How a job of a pool, or of `runInThread`, is run, and what ends it. */
export interface RunOptions {
  /** Aborting is unsubscribing, with `signal.reason` as the error. */
  signal?: AbortSignal | undefined;
  /** Of the job's thread. Default: `Thread-N (target's name)`. */
  name?: string | undefined;
  /** What of the arguments moves to the job instead of being copied, as in postMessage. */
  transferList?: readonly unknown[] | undefined;
  /** ms between asking a running job to stop and killing its worker. Default 1000; Infinity: never killed. */
  grace?: number | undefined;
  /**
   * ms that the job may run, counted from when it begins. Then it is cancelled, killed when it has not ended after
   * `grace`, and RxJS's TimeoutError with its name is the error. Default: as long as it takes.
   */
  timeout?: number | undefined;
  /** Called with what the job reports with `reportProgress`, in order, before its result. */
  onProgress?: ((value: unknown) => void) | undefined;
}

/** How long `room` waits, and for how much. */
export interface RoomOptions extends WaitOptions {
  /** Jobs that may wait for a worker while there is room. Default 0: a job that comes begins at once. */
  buffer?: number | undefined;
}

/** A worker of a pool: a Worker of node:worker_threads, of which this is a part. */
export interface PoolWorker {
  /** Node's number of it; -1 once it has ended. */
  readonly threadId: number;
  /** Ends it at once; the job that it runs fails alone. */
  terminate(): Promise<number>;
}

/** The workers of a pool, as Piscina's pools tell of theirs. Each is a Piscina of its own. */
export interface PoolPiscina {
  /** The workers, those that are being started included. */
  readonly threads: readonly PoolWorker[];
  /** How many workers are kept. */
  readonly minThreads: number;
  /** How many workers there may be. */
  readonly maxThreads: number;
}

/** What a Thread's options take as a `pool`: a ThreadPool. */
export interface JobPool {
  /** See ThreadPool. */
  readonly name: string;
  /** See ThreadPool. */
  readonly piscina: PoolPiscina;
  /** See ThreadPool. */
  readonly stats: PoolStats;
  /** See ThreadPool; unsubscribing ends only the watching. */
  readonly stats$: Observable<PoolStats>;
  /** See ThreadPool; unsubscribing drops the job, or cancels it. */
  run<A extends readonly unknown[], R>(
    target: Target<A, R>,
    ...argsAndOptions: RunParameters<A, RunOptions>
  ): Wait<Emitted<R>>;
  /** See ThreadPool; unsubscribing drops and cancels what it has taken. */
  map<T, R>(
    iterable: Iterable<T> | AsyncIterable<T>,
    target: Target<[T], R>,
    options?: MapOptions<T>,
  ): Observable<Emitted<R>>;
  /** See ThreadPool; unsubscribing leaves all of its jobs. */
  broadcast<A extends readonly unknown[], R>(
    target: Target<A, R>,
    ...argsAndOptions: RunParameters<A, RunOptions>
  ): Wait<Emitted<R>[]>;
  /** See ThreadPool; unsubscribing ends only the waiting. */
  warmUp(): Wait<boolean>;
  /** See ThreadPool; unsubscribing gives the place up. */
  room(options?: RoomOptions): Wait<boolean>;
  /** See ThreadPool; unsubscribing ends only the watching. */
  readonly room$: Observable<number>;
  /** See ThreadPool. */
  close(): Promise<void>;
  /** See ThreadPool. */
  [Symbol.asyncDispose](): Promise<void>;
}
