import { LAYOUT } from './table.js';

/**
 * What is one for a thread, however many copies of this library its code has loaded: the ESM and the CommonJS build, one
 * that a bundler has put into a file, one of a dependency. The first copy makes it; copies of another layout have their
 * own. In `process`, because that is an object of each thread's own.
 *
 * @param own - of this copy, used unless there is one already
 */
export function threadWide<T extends object>(name: string, own: T): T {
  const key = Symbol.for(`rxjs-threading.${name}.${LAYOUT}`);
  const places = process as unknown as Record<symbol, T | undefined>;
  places[key] ??= own;
  return places[key];
}
