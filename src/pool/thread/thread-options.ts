import type { TransferListItem } from 'node:worker_threads';
import { ofAnotherCopy } from '../../primitives/brand.js';
import { checkOptions, show } from '../../primitives/options.js';
import type { Target } from '../../primitives/target.js';
import { NAME_BYTES } from '../../primitives/threads/table.js';
import { threadName } from '../wire/thread-name.js';
import { isDetached } from '../wire/transfer.js';
import type { OwnWorker } from '../workers/elastic-pool.js';
import { Executor } from '../workers/executor.js';
import { jobTarget } from '../workers/job-target.js';
import { checkWorkerOptions, WORKER_OPTIONS, type WorkerOptions } from '../workers/worker-options.js';
import type { JobPool } from './job-pool.js';

/** ms that a thread has to end once it was asked to, by default. */
export const GRACE = 1000;

/** What a Thread is to run, and how. */
export interface ThreadOptions<A extends readonly unknown[], R> extends WorkerOptions {
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
  /**
   * true: what the thread prints is read from `thread.stdout`, and is not printed. Read it to its end: a thread that has
   * printed some kB that nobody reads is not over. A thread with this, or with one of WorkerOptions, has a worker of its own
   * that ends with it; in a ThreadPool it is a TypeError, as the pool has these options itself.
   */
  stdout?: boolean | undefined;
  /** The same, of `thread.stderr`. */
  stderr?: boolean | undefined;
}

/** Of a Thread's options: that `args` may not be left out where the target needs some. */
export type NeedsArgs<A extends readonly unknown[]> =
  | { readonly args: readonly [...A] }
  | ([] extends A ? unknown : never);

const OF_OWN_WORKER = ['stdout', 'stderr', ...WORKER_OPTIONS] as const;
const THREAD_OPTIONS: readonly string[] = [
  'target',
  'args',
  'name',
  'daemon',
  'group',
  'pool',
  'transferList',
  ...OF_OWN_WORKER,
];

/** @throws TypeError, RangeError */
export function checkThreadOptions(options: ThreadOptions<readonly unknown[], unknown> | undefined): void {
  checkOptions(options, THREAD_OPTIONS);
  if (options === undefined) return;
  const { target, args, name, daemon, group, pool, transferList } = options;
  if (group !== undefined && group !== null)
    throw new TypeError(`group is reserved and must be null, got ${show(group)}`);
  if (target !== undefined) jobTarget(target);
  if (args !== undefined && !Array.isArray(args))
    throw new TypeError(`args must be an array, got ${show(args)}`);
  if (name !== undefined) checkThreadName(name);
  if (daemon !== undefined) checkDaemon(daemon);
  if (pool !== undefined && !(pool instanceof Executor))
    throw new TypeError(`pool must be a ThreadPool, got ${show(pool)}${ofAnotherCopy(pool)}`);
  if (transferList !== undefined && !Array.isArray(transferList)) {
    throw new TypeError(`transferList must be an array, got ${show(transferList)}`);
  }
  checkOwnWorker(options);
}

/** Those of a worker of the thread's own; undefined: none is asked for. @throws TypeError, RangeError showing the value */
export function checkOwnWorker(options: ThreadOptions<readonly unknown[], unknown>): OwnWorker | undefined {
  if (OF_OWN_WORKER.every((name) => options[name] === undefined)) return undefined;
  const { stdout = false, stderr = false, pool } = options;
  if (typeof stdout !== 'boolean') throw new TypeError(`stdout must be a boolean, got ${show(stdout)}`);
  if (typeof stderr !== 'boolean') throw new TypeError(`stderr must be a boolean, got ${show(stderr)}`);
  const settings = checkWorkerOptions(options);
  const [first] = [...Object.keys(settings), ...(stdout ? ['stdout'] : []), ...(stderr ? ['stderr'] : [])];
  if (first === undefined) return undefined;
  if (pool !== undefined)
    throw new TypeError(
      `${first} is an option of a worker: a Thread with a pool has the pool's, got ${show(pool)}`,
    );
  return { settings, stdout, stderr };
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
  return threadName(number, target === undefined ? '' : jobTarget(target).label);
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
