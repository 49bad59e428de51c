import { checkOptions, checkSignal, show } from '../../primitives/options.js';
import { checkTarget, type Target } from '../../primitives/target.js';
import type { RunOptions } from '../thread/job-pool.js';
import { checkGrace } from '../thread/stop-thread.js';
import { checkThreadOptions, type ThreadOptions } from '../thread/thread-options.js';

/** A job as it was asked for, checked. */
export interface RunRequest<R> {
  readonly target: Target<readonly unknown[], R>;
  readonly args: readonly unknown[];
  readonly name: string | undefined;
  readonly transferList: readonly unknown[];
  readonly signal: AbortSignal | undefined;
  readonly grace: number;
  readonly onProgress: ((value: unknown) => void) | undefined;
}

/** @throws TypeError, RangeError showing the value */
export function checkRun<R>(
  target: Target<readonly unknown[], R>,
  args: readonly unknown[] = [],
  options: RunOptions = {},
): RunRequest<R> {
  checkOptions(options);
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
    onProgress,
  };
}
