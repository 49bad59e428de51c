import { checkOptions, checkSignal, show } from '../primitives/options.js';
import { checkTarget, type Target } from '../primitives/target.js';
import { checkGrace } from './stop-thread.js';
import { checkThreadOptions, type ThreadOptions } from './thread-options.js';

export interface RunOptions {
  /** Aborting is unsubscribing, with `signal.reason` as the error. */
  signal?: AbortSignal;
  /** Of the job's thread. Default `Thread-N (target's name)`. */
  name?: string;
  /** Moved to the job instead of copied, as in postMessage. */
  transferList?: readonly unknown[];
  /** ms between asking a running job to stop and killing its worker. Default 1000; Infinity: never killed. */
  grace?: number;
  /** Called with what the job reports with `reportProgress`, in order, before its result. */
  onProgress?: (value: unknown) => void;
}

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
