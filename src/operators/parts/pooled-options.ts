import { ThreadError } from '../../errors.js';
import { ThreadPool } from '../../pool/jobs/thread-pool.js';
import { checkGrace } from '../../pool/thread/stop-thread.js';
import { ofAnotherCopy } from '../../primitives/brand.js';
import { checkOptions, show } from '../../primitives/options.js';
import { describeTarget, type PackedTarget, packTarget, type Target } from '../../primitives/target.js';

/** What threadMap and threadPipe run, and where. */
export interface Pooled<P = ThreadPool | undefined> {
  readonly target: PackedTarget;
  /** Of the threads. */
  readonly name: string;
  readonly pool: P;
  /** ms */
  readonly grace: number;
}

/**
 * @param operator - what the user called
 * @param known - the names of all its options
 * @throws TypeError, RangeError; ThreadError for a closed pool
 */
export function checkPooled(
  operator: string,
  target: Target,
  options: { readonly pool?: unknown; readonly grace?: number | undefined } | undefined,
  known: readonly string[],
): Pooled {
  const packed = packTarget(target);
  checkOptions(options, known);
  const grace = checkGrace(options?.grace);
  const pool = options?.pool;
  checkPool(pool);
  if (pool?.closed)
    throw new ThreadError(`${pool.name} is closed: it takes no ${operator}`, { code: 'ERR_POOL' });
  const described = describeTarget(target);
  return { target: packed, name: described === '' ? operator : `${operator} (${described})`, pool, grace };
}

/** @throws TypeError */
export function checkPool(pool: unknown): asserts pool is ThreadPool | undefined {
  if (pool !== undefined && !(pool instanceof ThreadPool))
    throw new TypeError(`pool must be a ThreadPool, got ${show(pool)}${ofAnotherCopy(pool)}`);
}
