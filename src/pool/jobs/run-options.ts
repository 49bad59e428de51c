import {
  checkCount,
  checkMs,
  checkOptions,
  checkSignal,
  checkTimeout,
  show,
} from '../../primitives/options.js';
import { checkTarget, type Target } from '../../primitives/target.js';
import type { RunOptions } from '../thread/job-pool.js';
import { checkGrace } from '../thread/stop-thread.js';
import { checkThreadOptions, type ThreadOptions } from '../thread/thread-options.js';
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

/** A job as its user asked for it, checked. */
export interface RunRequest<R> {
  readonly target: Target<readonly unknown[], R>;
  readonly args: readonly unknown[];
  readonly name: string | undefined;
  readonly transferList: readonly unknown[];
  readonly signal: AbortSignal | undefined;
  readonly grace: number;
  /** ms; Infinity: none. */
  readonly timeout: number;
  readonly onProgress: ((value: unknown) => void) | undefined;
}

/** The same, of a job of `ThreadPool.run`. */
export interface PoolRunRequest<R> extends RunRequest<R> {
  readonly priority: number;
  /** ms; Infinity: none. */
  readonly waitTimeout: number;
}

const RUN_OPTIONS: readonly string[] = ['signal', 'name', 'transferList', 'grace', 'timeout', 'onProgress'];

/**
 * @param more - names of other options that the caller takes
 * @throws TypeError, RangeError showing the value
 */
export function checkRun<R>(
  target: Target<readonly unknown[], R>,
  args: readonly unknown[] = [],
  options: RunOptions = {},
  more: readonly string[] = [],
): RunRequest<R> {
  checkOptions(options);
  refuseUnknown(options, [...RUN_OPTIONS, ...more]);
  checkTarget(target);
  const { name, transferList = [], onProgress } = options;
  checkThreadOptions({ args, transferList, ...(name !== undefined && { name }) } as ThreadOptions<
    [],
    unknown
  >);
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw new TypeError(`onProgress must be a function, got ${show(onProgress)}`);
  return {
    target,
    args,
    name,
    transferList,
    signal: checkSignal(options),
    grace: checkGrace(options.grace),
    timeout: checkTimeout(options.timeout),
    onProgress,
  };
}

/** @throws TypeError, RangeError showing the value */
export function checkPoolRun<R>(
  target: Target<readonly unknown[], R>,
  args: readonly unknown[] | undefined,
  options: PoolRunOptions = {},
): PoolRunRequest<R> {
  return {
    ...checkRun(target, args, options, ['priority', 'waitTimeout']),
    priority: checkCount('priority', options.priority ?? 0, -MOST_PRIORITY, MOST_PRIORITY),
    waitTimeout: checkMs('waitTimeout', options.waitTimeout ?? Number.POSITIVE_INFINITY),
  };
}

/** An option that nobody heeds is a mistake of whoever wrote it. @throws TypeError */
export function refuseUnknown(options: object, known: readonly string[]): void {
  for (const [name, value] of Object.entries(options)) {
    if (!known.includes(name) && value !== undefined)
      throw new TypeError(
        `there is no option ${name}: ${known.join(', ')} are known, got ${show({ [name]: value })}`,
      );
  }
}
