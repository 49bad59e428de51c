import { threadWide } from '../../primitives/threads/thread-wide.js';

const worker = threadWide<{ context: unknown }>('worker-context', { context: undefined });

/** Called by the worker's session with what the pool's `setup` gave. */
export function setWorkerContext(value: unknown): void {
  worker.context = value;
}

/**
 * What the `setup` of the ThreadPool gave in this worker; undefined in a worker without one, and in main. The same object
 * for every job of the worker. Source: CPython, `concurrent.futures.ThreadPoolExecutor`, `initializer`, which gives nothing.
 *
 * @example
 * await using pool = new ThreadPool({ maxThreads: 1, setup: () => ({ jobs: 0 }) });
 * const count = async () => {
 *   const { workerContext } = await import('rxjs-threading');
 *   return ++workerContext<{ jobs: number }>().jobs;
 * };
 * await pool.run(count);
 * console.log(await pool.run(count)); // prints 2
 */
export function workerContext<C = unknown>(): C {
  return worker.context as C;
}
