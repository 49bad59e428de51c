import { AsyncLocalStorage } from 'node:async_hooks';
import { threadWide } from '../../primitives/threads/thread-wide.js';

const contexts = threadWide('job-contexts', new AsyncLocalStorage<Readonly<Record<string, unknown>>>());

/** Called by the worker's session: runs a job with what stood in the pool's `contexts` where it was subscribed to. */
export function withContexts<T>(stores: Readonly<Record<string, unknown>>, run: () => T): T {
  return contexts.run(stores, run);
}

/**
 * In a job: what the AsyncLocalStorage of that name in the pool's `contexts` held where the job was subscribed to, as a copy;
 * undefined where it held nothing, or nothing that can be cloned. Python has no such thing; source: Node.js, AsyncLocalStorage.
 *
 * @example
 * const trace = new AsyncLocalStorage<string>();
 * await using pool = new ThreadPool({ contexts: { trace } });
 * const traced = async () => {
 *   const { jobContext } = await import('rxjs-threading');
 *   return jobContext<string>('trace');
 * };
 * console.log(await trace.run('request 7', () => pool.run(traced).then((id) => id))); // prints request 7
 */
export function jobContext<T = unknown>(name: string): T | undefined {
  const stores = contexts.getStore();
  return stores !== undefined && Object.hasOwn(stores, name) ? (stores[name] as T) : undefined;
}
