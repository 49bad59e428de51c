import { checkModule, type ModuleTarget } from '../../primitives/target.js';

/** The functions a module exports, as targets. */
export type ThreadModule<M> = {
  // biome-ignore lint/suspicious/noExplicitAny: every function
  readonly [K in keyof M as M[K] extends (...args: any) => any ? K : never]: M[K] extends (
    ...args: infer A
  ) => infer R
    ? ModuleTarget<A, R>
    : never;
};

/**
 * The exports of a module as typed targets, without loading it here: the thread imports it.
 *
 * @param module - a file:, data: or node: URL, an absolute path or a package; a relative path is a TypeError
 *
 * @example
 * const jobs = threadModule<typeof import('./jobs.js')>(new URL('./jobs.js', import.meta.url));
 * new Thread({ target: jobs.countPrimes, args: [1e6] }).start();
 */
export function threadModule<M extends object>(module: string | URL): ThreadModule<M> {
  const href = checkModule(module);
  return new Proxy({} as ThreadModule<M>, {
    get(_, name): ModuleTarget | undefined {
      // `await threadModule(…)` asks for `then`: this is no promise.
      if (typeof name !== 'string' || name === 'then') return undefined;
      return { module: href, export: name };
    },
  });
}
