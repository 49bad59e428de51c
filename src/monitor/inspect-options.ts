import { ThreadPool } from '../pool/jobs/thread-pool.js';
import { type AnyPrimitive, isPrimitive } from '../primitives/handle.js';
import { checkOptions, show } from '../primitives/options.js';
import type { InspectOptions } from './types.js';

/** How much is told while somebody looks: see InspectOptions. */
export type Detail = 'contention' | 'all';

/** @throws TypeError */
export function checkInspect(options: InspectOptions): {
  readonly detail: Detail;
  readonly watched: readonly AnyPrimitive[];
} {
  checkOptions(options, ['detail', 'watch']);
  const { detail = 'contention', watch = [] } = options;
  if (detail !== 'contention' && detail !== 'all')
    throw new TypeError(`detail must be 'contention' or 'all', got ${show(detail)}`);
  if (!Array.isArray(watch)) throw new TypeError(`watch must be an array, got ${show(watch)}`);
  for (const one of watch)
    if (!isPrimitive(one) && !(one instanceof ThreadPool))
      throw new TypeError(`watch takes primitives and ThreadPools, got ${show(one)}`);
  return { detail, watched: watch.filter(isPrimitive) };
}
