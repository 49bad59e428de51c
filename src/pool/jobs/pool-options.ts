import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { checkCount, checkMs, checkName, refuseUnknown, show } from '../../primitives/options.js';
import { packTarget, type Target } from '../../primitives/target.js';
import type { WorkerSettings } from '../workers/open-worker.js';
import type { WorkerLife } from '../workers/session-owner.js';
import { type ContextStorage, checkContexts } from './job-contexts.js';

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
  /**
   * Runs once in each worker, before its first job. What it gives, or what a promise of it comes to, is there for every job of
   * the worker: `workerContext()`. When it fails the worker does not come up, and the job that waits for it fails.
   */
  setup?: Target<[], unknown> | undefined;
  /**
   * Runs once in each worker after its last job, with what `setup` gave: when the pool is closed, when the worker was idle for
   * long, and when it is replaced. It has 5 s. Not when the worker dies, is killed, or the process ends without `close`.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what setup gave, which this type does not tell
  teardown?: Target<[context: any], unknown> | undefined;
  /** Jobs that a worker runs before another takes its place. Default: any number. */
  maxJobs?: number | undefined;
  /**
   * MB of heap that a worker may use after a job, what nobody needs any more and was not collected included, before another
   * takes its place. Default: any number; see `resourceLimits` for what ends one within a job.
   */
  maxHeap?: number | undefined;
  /**
   * Each AsyncLocalStorage whose store travels with the jobs, by the name under which they find it: `jobContext(name)`. Of a
   * store that cannot be cloned as a whole, the properties that can.
   */
  contexts?: Readonly<Record<string, ContextStorage>> | undefined;
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
  'setup',
  'teardown',
  'maxJobs',
  'maxHeap',
  'contexts',
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
  readonly life: WorkerLife;
  readonly contexts: readonly (readonly [string, ContextStorage])[];
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
    life: checkLife(options),
    contexts: checkContexts(options.contexts),
    worker: ofWorker as WorkerSettings,
  };
}

function checkLife({ setup, teardown, maxJobs, maxHeap }: ThreadPoolOptions): WorkerLife {
  return {
    setup: setup === undefined ? undefined : packTarget(setup),
    teardown: teardown === undefined ? undefined : packTarget(teardown),
    maxJobs: maxJobs === undefined ? Number.POSITIVE_INFINITY : checkCount('maxJobs', maxJobs, 1, 2 ** 31),
    maxHeap: maxHeap === undefined ? Number.POSITIVE_INFINITY : checkCount('maxHeap', maxHeap, 1, 2 ** 20),
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
