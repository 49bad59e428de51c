import type { JobsOptions } from 'bullmq';
import { checkCount, checkMs, checkOptions, checkSignal, show } from '../primitives/options.js';
import { type ModuleTarget, packTarget } from '../primitives/target.js';
import type { JobData } from './job-messages.js';

/** How often a job is tried, and what counts. */
export interface RetryOptions {
  /** Including the first: 1 to 1,000. Default 1. A worker that dies is not an attempt: see `maxDeaths`. */
  attempts?: number | undefined;
  /** ms before the next; default 1000. Doubled each time unless `backoff` is 'fixed', and up to half of it less, at random. */
  delay?: number | undefined;
  /** Whether the delay is doubled each time. Default 'exponential'. */
  backoff?: 'exponential' | 'fixed' | undefined;
  /** Workers that may die of one job before it fails. Default 1. */
  maxDeaths?: number | undefined;
}

/**
 * What holds for all jobs that a RemotePool puts into its queue. Of RemotePools of one name each takes out what has ended for as long as
 * it says itself, whosever that is: give all of them the same `keepResult` and `keepFailed`.
 */
export interface RemotePoolOptions {
  /** How often each job is tried; `retry` of `run` says what differs. Default: as RetryOptions have it. */
  retry?: RetryOptions | undefined;
  /** ms that a result is kept for a caller that was away. Default 60,000. */
  keepResult?: number | undefined;
  /** ms that a failed job is kept for people. Default 7 days. */
  keepFailed?: number | undefined;
  /** Jobs started per `per` ms, in all processes together; kept by the engine until another says otherwise. */
  limit?: { readonly max: number; readonly per: number } | undefined;
}

/** How a job is run, and what ends it. */
export interface RemoteRunOptions {
  /** Aborting is unsubscribing, with `signal.reason` as the error. */
  signal?: AbortSignal | undefined;
  /** Less is sooner: 0 (default) to 2,097,151. */
  priority?: number | undefined;
  /** ms that it waits at least, by the clocks of the machines. Default 0. */
  delay?: number | undefined;
  /** What differs from the pool's `retry`. */
  retry?: RetryOptions | undefined;
  /** ms that a run may take; then it is cancelled, and RxJS's TimeoutError with its name is the error. */
  timeout?: number | undefined;
  /** While a job of that id waits or runs, others of the pool get its result; it is cancelled when the last of them leaves. */
  dedupe?: string | undefined;
  /** ms between cancelling what runs and killing its worker thread. Default 1000. */
  grace?: number | undefined;
  /** Unsubscribing leaves the job alone. For fire and forget: subscribe, and go. Default false. */
  detached?: boolean | undefined;
  /** Called with what the job reports with `reportProgress`, in order, before its result. */
  onProgress?: ((value: unknown, attempt: number) => void) | undefined;
}

const POOL: readonly string[] = ['retry', 'keepResult', 'keepFailed', 'limit'];
const RETRY: readonly string[] = ['attempts', 'delay', 'backoff', 'maxDeaths'];
/** Of `stream`; `run` and the rest have three more: each reader of a stream has a job of its own. */
const OF_STREAM: readonly string[] = ['signal', 'priority', 'delay', 'timeout', 'grace', 'onProgress'];
const OF_RUN: readonly string[] = [...OF_STREAM, 'dedupe', 'retry', 'detached'];
/** A schedule is nobody's subscription, nor is a timer, which has an id in place of `dedupe`. */
export const OF_SCHEDULE: readonly string[] = ['priority', 'retry', 'timeout', 'grace'];
export const OF_TIMER: readonly string[] = [...OF_SCHEDULE, 'onProgress', 'id'];

/** Default of `maxDeaths`. */
export const MAX_DEATHS = 1;
const MOST_PRIORITY = 2 ** 21 - 1;
const WEEK = 7 * 24 * 3_600_000;
/** The longest delay that BullMQ can order by. */
const LONGEST = 2 ** 41;

/** Every one of RetryOptions. */
type CheckedRetry = { readonly [K in keyof RetryOptions]-?: Exclude<RetryOptions[K], undefined> };

/** What came of RemotePoolOptions. */
export interface CheckedPool {
  readonly retry: CheckedRetry;
  /** Of BullMQ: seconds. */
  readonly keep: Pick<JobsOptions, 'removeOnComplete' | 'removeOnFail'>;
  readonly limit: { readonly max: number; readonly per: number } | undefined;
}

/** @throws TypeError, RangeError showing the value */
export function checkPoolOptions(options: RemotePoolOptions = {}): CheckedPool {
  checkOptions(options, POOL);
  const { keepResult = 60_000, keepFailed = WEEK, limit } = options;
  if (limit !== undefined) {
    checkOptions(limit, ['max', 'per']);
    checkCount('limit.max', limit.max, 1, 2 ** 31);
    checkCount('limit.per', limit.per, 1, LONGEST);
  }
  const seconds = (what: string, ms: number): number => Math.ceil(checkCount(what, ms, 0, LONGEST) / 1000);
  return {
    retry: checkRetry(options.retry, {
      attempts: 1,
      delay: 1000,
      backoff: 'exponential',
      maxDeaths: MAX_DEATHS,
    }),
    keep: {
      removeOnComplete: { age: seconds('keepResult', keepResult) },
      removeOnFail: { age: seconds('keepFailed', keepFailed) },
    },
    limit,
  };
}

function checkRetry(retry: RetryOptions | undefined, defaults: CheckedRetry): CheckedRetry {
  checkOptions(retry, RETRY);
  const { attempts, delay, backoff, maxDeaths } = { ...defaults, ...defined(retry ?? {}) };
  checkCount('retry.attempts', attempts, 1, 1000);
  checkCount('retry.delay', delay, 0, LONGEST);
  checkCount('retry.maxDeaths', maxDeaths, 0, 2 ** 31);
  if (backoff !== 'exponential' && backoff !== 'fixed')
    throw new TypeError(`retry.backoff must be 'exponential' or 'fixed', got ${show(backoff)}`);
  return { attempts, delay, backoff, maxDeaths } as CheckedRetry;
}

/** Without those that are undefined, so that a default stays. */
function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** What came of RemoteRunOptions. */
export interface CheckedJob {
  readonly name: string;
  readonly data: Omit<JobData, 'args'>;
  readonly options: JobsOptions;
  readonly signal: AbortSignal | undefined;
  readonly detached: boolean;
  readonly onProgress: ((value: unknown, attempt: number) => void) | undefined;
}

/** Until a timer begins, in whole ms. @throws TypeError, RangeError showing the value */
export function checkInterval(interval: unknown): number {
  const ms = checkMs('interval', interval);
  if (ms > LONGEST) throw new RangeError(`interval must be 0 to ${LONGEST} ms, got ${ms}`);
  return Math.ceil(ms);
}

/**
 * @param known - names of the options that the caller takes
 * @throws TypeError, RangeError showing the value
 */
export function checkJob(
  pool: CheckedPool,
  target: unknown,
  args: unknown,
  options: RemoteRunOptions = {},
  known: readonly string[] = OF_RUN,
): CheckedJob {
  const name = checkModuleTarget(target);
  if (args !== undefined && !Array.isArray(args))
    throw new TypeError(`args must be an array, got ${show(args)}`);
  checkOptions(options, known);
  const { priority = 0, delay = 0, timeout, dedupe, grace, detached = false, onProgress } = options;
  checkCount('priority', priority, 0, MOST_PRIORITY);
  checkCount('delay', delay, 0, LONGEST);
  if (timeout !== undefined) checkMs('timeout', timeout);
  if (grace !== undefined) checkMs('grace', grace);
  if (dedupe !== undefined) checkId('dedupe', dedupe);
  if (typeof detached !== 'boolean') throw new TypeError(`detached must be a boolean, got ${show(detached)}`);
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw new TypeError(`onProgress must be a function, got ${show(onProgress)}`);
  const retry = checkRetry(options.retry, pool.retry);
  return {
    name,
    data: {
      ...(retry.maxDeaths !== MAX_DEATHS && { maxDeaths: retry.maxDeaths }),
      // JSON has no Infinity; a job without one is never timed out, and killed as soon as it may be.
      ...(timeout !== undefined && timeout !== Number.POSITIVE_INFINITY && { timeout }),
      ...(grace !== undefined && { grace: Math.min(grace, LONGEST) }),
      ...(dedupe !== undefined && { shared: true as const }),
    },
    options: {
      ...pool.keep,
      ...(priority > 0 && { priority }),
      ...(delay > 0 && { delay }),
      ...(retry.attempts > 1 && {
        attempts: retry.attempts,
        backoff: { type: retry.backoff, delay: retry.delay, jitter: 0.5 },
      }),
      ...(dedupe !== undefined && { deduplication: { id: dedupe } }),
    },
    signal: checkSignal(options),
    detached,
    onProgress,
  };
}

/** Of one attempt, as its values cannot be called back. */
export function checkStream(
  pool: CheckedPool,
  target: unknown,
  args: unknown,
  options: object | undefined,
): CheckedJob {
  const job = checkJob(pool, target, args, options, OF_STREAM);
  return {
    ...job,
    data: { ...job.data, stream: true, maxDeaths: 0 },
    options: { ...job.options, attempts: 1 },
  };
}

/** The name of the export. @throws TypeError: a function does not travel between machines */
function checkModuleTarget(target: unknown): string {
  if (typeof target === 'function')
    throw new TypeError(
      `target must be an export of a module, as threadModule gives it, got ${show(target)}: no code travels between machines`,
    );
  packTarget(target);
  const { export: name } = target as ModuleTarget;
  if (name === '') throw new TypeError(`target must have the name of an export, got ${show(target)}`);
  return name;
}

/** Of a pool, a timer, a schedule or what is deduplicated: a part of keys and of messages. @throws TypeError, RangeError */
export function checkId(what: string, id: unknown): string {
  if (typeof id !== 'string') throw new TypeError(`${what} must be a string, got ${show(id)}`);
  if (!/^[^\s:\p{Cc}\p{Cs}]{1,200}$/u.test(id))
    throw new RangeError(`${what} must be 1 to 200 characters, no white space and no ':', got ${show(id)}`);
  return id;
}

/** When a schedule runs, for BullMQ. @throws TypeError, RangeError */
export function checkWhen(when: unknown): { every: number } | { pattern: string; tz?: string } {
  if (typeof when !== 'object' || when === null)
    throw new TypeError(`when must be { every } or { cron, tz? }, got ${show(when)}`);
  const { every, cron, tz } = when as { every?: unknown; cron?: unknown; tz?: unknown };
  if ((every === undefined) === (cron === undefined))
    throw new TypeError(`when must be { every } or { cron, tz? }, got ${show(when)}`);
  if (cron === undefined) {
    checkOptions(when, ['every']);
    return { every: checkCount('when.every', every, 1, LONGEST) };
  }
  checkOptions(when, ['cron', 'tz']);
  if (typeof cron !== 'string') throw new TypeError(`when.cron must be a string, got ${show(cron)}`);
  if (tz !== undefined && typeof tz !== 'string')
    throw new TypeError(`when.tz must be a string, got ${show(tz)}`);
  return { pattern: cron, ...(tz !== undefined && { tz }) };
}
