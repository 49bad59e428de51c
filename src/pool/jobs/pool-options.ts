import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { checkCount, checkMs, checkName, show } from '../../primitives/options.js';
import type { WorkerSettings } from '../workers/open-worker.js';
import { refuseUnknown } from './run-options.js';

/** How much memory a worker may take, in MB. Default: Node's own limits. */
export interface WorkerLimits {
  /** Of the main heap. */
  maxOldGenerationSizeMb?: number | undefined;
  /** Of the heap of recent objects. */
  maxYoungGenerationSizeMb?: number | undefined;
  /** Of the range that holds generated code. */
  codeRangeSizeMb?: number | undefined;
  /** Of the stack; 1 at least. Default 4. */
  stackSizeMb?: number | undefined;
}

/** How many workers a ThreadPool has, for how long, and what they are started with. */
export interface ThreadPoolOptions {
  /** Default `ThreadPool-N`. */
  name?: string | undefined;
  /** Workers that are kept however long they are idle. Default 1. */
  minThreads?: number | undefined;
  /** The most jobs that run at once. Default `availableParallelism()`. */
  maxThreads?: number | undefined;
  /** ms an idle worker is kept, beyond `minThreads`; Infinity: for ever. Default 1000. */
  idleTimeout?: number | undefined;
  /** Jobs that may queue; one more is a ThreadError. Default: any number. */
  maxQueue?: number | undefined;
  /** Of each worker, in MB. A job that needs more than its `maxOldGenerationSizeMb` fails. */
  resourceLimits?: WorkerLimits | undefined;
  /** Node's own, for each worker. Default: those of the process. */
  execArgv?: string[] | undefined;
  /** What `process.env` is in the workers. Default: a copy of this thread's. */
  env?: Record<string, string> | undefined;
}

/** Longest that a timer takes. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
const POOL_OPTIONS: readonly string[] = [
  'name',
  'minThreads',
  'maxThreads',
  'idleTimeout',
  'maxQueue',
  'resourceLimits',
  'execArgv',
  'env',
];
const LIMITS = ['maxOldGenerationSizeMb', 'maxYoungGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'];
/** With less a worker cannot load its modules, and Node aborts the process. */
const LEAST_STACK_MB = 1;

/** The options, checked, with their defaults. */
export interface CheckedPoolOptions {
  readonly name: string | undefined;
  readonly minThreads: number;
  readonly maxThreads: number;
  /** ms; Infinity: for ever. */
  readonly idleTimeout: number;
  readonly maxQueue: number;
  readonly worker: WorkerSettings;
}

/** @throws TypeError, RangeError showing the value */
export function checkPoolOptions(options: ThreadPoolOptions): CheckedPoolOptions {
  const name = checkName(options);
  refuseUnknown(options, POOL_OPTIONS);
  const { resourceLimits, execArgv, env, maxQueue = Number.POSITIVE_INFINITY } = options;
  const maxThreads = checkCount('maxThreads', options.maxThreads ?? availableParallelism(), 1, 4095);
  const minThreads = checkCount('minThreads', options.minThreads ?? 1, 0, maxThreads);
  if (maxQueue !== Number.POSITIVE_INFINITY) checkCount('maxQueue', maxQueue, 0, 2 ** 31);
  if (resourceLimits !== undefined) checkLimits(resourceLimits);
  if (execArgv !== undefined) checkExecArgv(execArgv);
  if (env !== undefined) checkEnv(env);
  const ofWorker = {
    ...(resourceLimits !== undefined && { resourceLimits }),
    ...(execArgv !== undefined && { execArgv }),
    ...(env !== undefined && { env }),
  };
  // Some values only Node's Worker refuses: make one now, so that the error comes at this call and not at the first job.
  if (minThreads === 0 && (execArgv !== undefined || env !== undefined))
    void new Worker('', { ...ofWorker, eval: true }).terminate();
  const kept = checkMs('idleTimeout', options.idleTimeout ?? 1000);
  return {
    name,
    minThreads,
    maxThreads,
    idleTimeout: kept > LONGEST_TIMEOUT ? Number.POSITIVE_INFINITY : kept,
    maxQueue,
    worker: ofWorker as WorkerSettings,
  };
}

function checkLimits(limits: unknown): void {
  if (typeof limits !== 'object' || limits === null)
    throw new TypeError(`resourceLimits must be an object, got ${show(limits)}`);
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined) continue;
    if (!LIMITS.includes(name))
      throw new TypeError(`resourceLimits has ${LIMITS.join(', ')}, got ${show({ [name]: value })}`);
    const least = name === 'stackSizeMb' ? LEAST_STACK_MB : 0;
    if (typeof value !== 'number')
      throw new TypeError(`resourceLimits.${name} must be a number of MB, got ${show(value)}`);
    if (!(value > 0 && value >= least && value < Number.POSITIVE_INFINITY))
      throw new RangeError(
        `resourceLimits.${name} must be ${least === 0 ? 'more than 0' : `at least ${least}`}, got ${value}`,
      );
  }
}

function checkExecArgv(execArgv: unknown): void {
  if (!Array.isArray(execArgv) || execArgv.some((flag) => typeof flag !== 'string'))
    throw new TypeError(`execArgv must be an array of strings, got ${show(execArgv)}`);
}

function checkEnv(env: unknown): void {
  if (typeof env !== 'object' || env === null || Array.isArray(env))
    throw new TypeError(`env must be an object of strings, got ${show(env)}`);
  for (const [name, value] of Object.entries(env))
    if (typeof value !== 'string') throw new TypeError(`env.${name} must be a string, got ${show(value)}`);
}
