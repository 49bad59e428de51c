import { checkOptions, checkSignal, checkTimeout, show } from '../../primitives/options.js';
import { checkTarget, type Target } from '../../primitives/target.js';
import type { RunOptions } from '../thread/job-pool.js';
import { checkGrace } from '../thread/stop-thread.js';
import { checkThreadOptions, type ThreadOptions } from '../thread/thread-options.js';

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
}

const RUN_OPTIONS: readonly string[] = ['signal', 'name', 'transferList', 'grace', 'timeout', 'onProgress'];
const DEFAULTS = checkRunOptions({}, []);

/**
 * @param more - names of other options that the caller takes
 * @throws TypeError, RangeError showing the value
 */
export function checkRun<R>(
  target: Target<readonly unknown[], R>,
  args: readonly unknown[] = [],
  options?: RunOptions,
  more: readonly string[] = [],
): RunRequest<R> {
  checkTarget(target);
  if (!Array.isArray(args)) throw new TypeError(`args must be an array, got ${show(args)}`);
  return { target, args, options: options === undefined ? DEFAULTS : checkRunOptions(options, more) };
}

function checkRunOptions(options: RunOptions, more: readonly string[]): CheckedRunOptions {
  checkOptions(options);
  refuseUnknown(options, [...RUN_OPTIONS, ...more]);
  const { name, transferList = [], onProgress } = options;
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
