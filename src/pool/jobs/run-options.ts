import {
  checkCount,
  checkMs,
  checkOptions,
  checkSignal,
  checkTimeout,
  show,
} from '../../primitives/options.js';
import type { Target } from '../../primitives/target.js';
import type { RunOptions } from '../thread/job-pool.js';
import { checkGrace } from '../thread/stop-thread.js';
import { checkThreadOptions, type ThreadOptions } from '../thread/thread-options.js';
import { jobTarget } from '../workers/job-target.js';
import { MOST_PRIORITY } from './priority-line.js';

/** What `runInThread` does not know, whose thread has no line to wait in. */
export interface PoolRunOptions extends RunOptions {
  /**
   * A whole number from -10 to 10; default 0. Jobs of a higher one are run first, those of one priority in the order in which
   * they came. Every tenth job that leaves the line is the oldest of all, so that none waits for ever.
   */
  priority?: number | undefined;
  /**
   * ms that the job may wait for a worker. Then it is dropped from the line, and RxJS's TimeoutError with its name is the
   * error. Default: as long as it takes.
   */
  waitTimeout?: number | undefined;
}

/** What `run` was asked for, checked. */
export interface RunRequest<R> {
  readonly target: Target<readonly unknown[], R>;
  readonly args: readonly unknown[];
  readonly options: CheckedRunOptions;
}

/** How the job is to run: one object for all that say nothing of it. */
export interface CheckedRunOptions {
  readonly name: string | undefined;
  readonly transferList: readonly unknown[];
  readonly signal: AbortSignal | undefined;
  readonly grace: number;
  /** ms; Infinity: none. */
  readonly timeout: number;
  readonly onProgress: ((value: unknown) => void) | undefined;
  readonly priority: number;
  /** ms; Infinity: none. */
  readonly waitTimeout: number;
}

const RUN_OPTIONS: readonly string[] = ['signal', 'name', 'transferList', 'grace', 'timeout', 'onProgress'];
/** Those that only a job of a pool has. */
export const OF_POOL: readonly string[] = ['priority', 'waitTimeout'];
const DEFAULTS = checkRunOptions({}, []);

/**
 * @param more - names of other options that the caller takes
 * @throws TypeError, RangeError showing the value
 */
export function checkRun<R>(
  target: Target<readonly unknown[], R>,
  args: readonly unknown[] = [],
  options?: PoolRunOptions,
  more: readonly string[] = [],
): RunRequest<R> {
  jobTarget(target as Target);
  if (!Array.isArray(args)) throw new TypeError(`args must be an array, got ${show(args)}`);
  return { target, args, options: options === undefined ? DEFAULTS : checkRunOptions(options, more) };
}

function checkRunOptions(options: PoolRunOptions, more: readonly string[]): CheckedRunOptions {
  checkOptions(options, [...RUN_OPTIONS, ...more]);
  const { name, transferList = [], onProgress, priority = 0, waitTimeout } = options;
  checkThreadOptions({ name, transferList } as ThreadOptions<[], unknown>);
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw new TypeError(`onProgress must be a function, got ${show(onProgress)}`);
  return {
    name,
    transferList,
    signal: checkSignal(options),
    grace: checkGrace(options.grace),
    timeout: checkTimeout(options.timeout),
    onProgress,
    priority: checkCount('priority', priority, -MOST_PRIORITY, MOST_PRIORITY),
    waitTimeout: checkMs('waitTimeout', waitTimeout, Number.POSITIVE_INFINITY),
  };
}
