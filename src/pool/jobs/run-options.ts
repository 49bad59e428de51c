import { checkOptions, checkSignal, checkTimeout, show } from '../../primitives/options.js';
import { checkTarget, type Target } from '../../primitives/target.js';
import type { RunOptions } from '../thread/job-pool.js';
import { checkGrace } from '../thread/stop-thread.js';
import { checkThreadOptions, type ThreadOptions } from '../thread/thread-options.js';

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
  checkOptions(options, [...RUN_OPTIONS, ...more]);
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
