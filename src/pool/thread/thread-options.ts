import type { TransferListItem } from 'node:worker_threads';
import { ofAnotherCopy } from '../../primitives/brand.js';
import { checkOptions, show } from '../../primitives/options.js';
import { describeTarget, packTarget, type Target } from '../../primitives/target.js';
import { NAME_BYTES } from '../../primitives/threads/table.js';
import { isDetached } from '../wire/transfer.js';
import { Executor } from '../workers/executor.js';
import type { JobPool } from './job-pool.js';

/** ms that a thread has to end once it was asked to, by default. */
export const GRACE = 1000;

/** What a Thread is to run, and how. */
export interface ThreadOptions<A extends readonly unknown[], R> {
  /** What `run` calls. Default: nothing, for a subclass that has a `run` of its own. */
  target?: Target<A, R> | undefined;
  /** What the target is called with: cloned, or moved, when the thread is started. */
  args?: readonly [...A] | undefined;
  /** Default: `Thread-N`, or `Thread-N (target's name)`. More than 380 bytes of UTF-8: RangeError. */
  name?: string | undefined;
  /** Default: that of the current thread. A daemon thread does not keep the process alive. */
  daemon?: boolean | undefined;
  /** Reserved, as in Python: null. */
  group?: null | undefined;
  /**
   * A ThreadPool in which the thread is a job: it waits there for a free worker, and keeps the process alive from its
   * start, daemon or not. Default: an elastic pool, in which a started thread never waits for another to end.
   */
  pool?: JobPool | undefined;
  /** What of the arguments moves to the thread instead of being copied, as in postMessage. */
  transferList?: readonly unknown[] | undefined;
}

/** Of a Thread's options: that `args` may not be left out where the target needs some. */
export type NeedsArgs<A extends readonly unknown[]> =
  | { readonly args: readonly [...A] }
  | ([] extends A ? unknown : never);

/** @throws TypeError, RangeError */
export function checkThreadOptions(options: ThreadOptions<readonly unknown[], unknown> | undefined): void {
  checkOptions(options);
  if (options === undefined) return;
  const { target, args, name, daemon, group, pool, transferList } = options;
  if (group !== undefined && group !== null)
    throw new TypeError(`group is reserved and must be null, got ${show(group)}`);
  if (target !== undefined) packTarget(target);
  if (args !== undefined && !Array.isArray(args))
    throw new TypeError(`args must be an array, got ${show(args)}`);
  if (name !== undefined) checkThreadName(name);
  if (daemon !== undefined) checkDaemon(daemon);
  if (pool !== undefined && !(pool instanceof Executor))
    throw new TypeError(`pool must be a ThreadPool, got ${show(pool)}${ofAnotherCopy(pool)}`);
  if (transferList !== undefined && !Array.isArray(transferList)) {
    throw new TypeError(`transferList must be an array, got ${show(transferList)}`);
  }
}

/** A name must fit into the thread's slot of the table. @throws TypeError, RangeError */
export function checkThreadName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw new TypeError(`name must be a string, got ${show(name)}`);
  const bytes = Buffer.byteLength(name);
  if (bytes > NAME_BYTES)
    throw new RangeError(`name must be at most ${NAME_BYTES} bytes of UTF-8, got ${bytes}: ${show(name)}`);
}

/** @throws TypeError */
export function checkDaemon(daemon: unknown): asserts daemon is boolean {
  if (typeof daemon !== 'boolean') throw new TypeError(`daemon must be a boolean, got ${show(daemon)}`);
}

/** Python's `Thread-N (target)`. */
export function defaultName(number: number, target: Target | undefined): string {
  const name = target === undefined ? '' : describeTarget(target);
  // JavaScript names a function after the property that it is written into: `target` says nothing.
  return name === '' || name === 'target' ? `Thread-${number}` : `Thread-${number} (${name})`;
}

/** What `transferList` names. @throws TypeError for what has moved before, which Node 20 would send as empty */
export function transferItems(options: {
  readonly transferList?: readonly unknown[] | undefined;
}): TransferListItem[] {
  const items = [...(options.transferList ?? [])] as TransferListItem[];
  for (const item of items) {
    if (isDetached(item))
      throw new TypeError(`cannot transfer ${show(item)}: it has moved to another thread before`);
  }
  return items;
}
