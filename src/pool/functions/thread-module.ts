import { checkModule, type ModuleTarget } from '../../primitives/target.js';

/** The functions that a module of type M exports, as targets. */
export type ThreadModule<M> = {
  // biome-ignore lint/suspicious/noExplicitAny: every function
  readonly [K in keyof M as M[K] extends (...args: any) => any ? K : never]: M[K] extends (
    ...args: infer A
  ) => infer R
    ? ModuleTarget<A, R>
    : never;
};

/**
 * The exports of a module as typed targets, without loading it here: the thread imports it. For a module of your own:
 * `threadModule<typeof import('./jobs.js')>(new URL('./jobs.js', import.meta.url))`. Source: CPython, `pickle`, which names
 * functions by their modules.
 *
 * @param module - a file:, data: or node: URL, an absolute path or a package
 * @throws TypeError for anything else, such as a relative path
 * @example
 * const path = threadModule<typeof import('node:path')>('node:path');
 * const thread = new Thread({ target: path.basename, args: ['photos/cat.png', '.png'] }).start();
 * console.log(await thread.result()); // prints cat
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
