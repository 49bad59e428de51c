import { SHARE_ENV, Worker } from 'node:worker_threads';
import { show } from '../../primitives/options.js';
import type { WorkerSettings } from './open-worker.js';

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

/** What workers are started with: of a ThreadPool, or the one of a Thread. */
export interface WorkerOptions {
  /** In MB. A job that needs more than its `maxOldGenerationSizeMb` fails. */
  resourceLimits?: WorkerLimits | undefined;
  /** Node's own options. Default: those of the process. */
  execArgv?: string[] | undefined;
  /** What `process.env` is there; SHARE_ENV of node:worker_threads: that of this thread itself. Default: a copy of it. */
  env?: Record<string, string> | symbol | undefined;
}

export const WORKER_OPTIONS: readonly (keyof WorkerOptions)[] = ['resourceLimits', 'execArgv', 'env'];
const LIMITS = ['maxOldGenerationSizeMb', 'maxYoungGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'];
/** With less a worker cannot load its modules, and Node aborts the process. */
const LEAST_STACK_MB = 1;

/** @throws TypeError, RangeError showing the value */
export function checkWorkerOptions({ resourceLimits, execArgv, env }: WorkerOptions): WorkerSettings {
  if (resourceLimits !== undefined) checkLimits(resourceLimits);
  if (execArgv !== undefined) checkExecArgv(execArgv);
  if (env !== undefined) checkEnv(env);
  return {
    ...(resourceLimits !== undefined && { resourceLimits }),
    ...(execArgv !== undefined && { execArgv }),
    ...(env !== undefined && { env: env as NonNullable<WorkerSettings['env']> }),
  };
}

/** Some values only Node's Worker refuses: makes one now, so that the error comes at this call and not at the first job. */
export function tryWorkerOptions({ execArgv, env }: WorkerSettings): void {
  if (execArgv === undefined && env === undefined) return;
  void new Worker('', { ...(execArgv && { execArgv }), ...(env && { env }), eval: true }).terminate();
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
  if (env === SHARE_ENV) return;
  if (typeof env !== 'object' || env === null || Array.isArray(env))
    throw new TypeError(`env must be an object of strings or SHARE_ENV, got ${show(env)}`);
  for (const [name, value] of Object.entries(env))
    if (typeof value !== 'string') throw new TypeError(`env.${name} must be a string, got ${show(value)}`);
}
