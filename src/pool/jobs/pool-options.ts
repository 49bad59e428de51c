import { availableParallelism } from 'node:os';
import { checkCount, checkMs, checkName, refuseUnknown } from '../../primitives/options.js';
import { packTarget, type Target } from '../../primitives/target.js';
import type { WorkerSettings } from '../workers/open-worker.js';
import type { WorkerLife } from '../workers/session-owner.js';
import {
  checkWorkerOptions,
  tryWorkerOptions,
  WORKER_OPTIONS,
  type WorkerOptions,
} from '../workers/worker-options.js';
import { type ContextStorage, checkContexts } from './job-contexts.js';

/** How many workers a ThreadPool has, for how long, and what they are started with. */
export interface ThreadPoolOptions extends WorkerOptions {
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
  /**
   * Runs once in each worker, before its first job. What it gives, or what a promise of it comes to, is there for every job of
   * the worker: `workerContext()`. When it fails the worker does not come up, and the job that waits for it fails. It has no
   * limit: jobs wait as long as it takes, or for their `waitTimeout`; once none waits any more, a worker that hangs is ended.
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
   * Each AsyncLocalStorage whose store travels with the jobs of `run` and `broadcast`, by the name under which they find it:
   * `jobContext(name)`. Of a store that cannot be cloned as a whole, the properties that can. Threads and `map` have none.
   */
  contexts?: Readonly<Record<string, ContextStorage>> | undefined;
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
  ...WORKER_OPTIONS,
];

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
  const {
    maxThreads = availableParallelism(),
    minThreads = 1,
    maxQueue = Number.POSITIVE_INFINITY,
  } = options;
  checkCount('maxThreads', maxThreads, 1, 4095);
  checkCount('minThreads', minThreads, 0, maxThreads);
  if (maxQueue !== Number.POSITIVE_INFINITY) checkCount('maxQueue', maxQueue, 0, 2 ** 31);
  const ofWorker = checkWorkerOptions(options);
  if (minThreads === 0) tryWorkerOptions(ofWorker);
  const kept = checkMs('idleTimeout', options.idleTimeout, 1000);
  return {
    name,
    minThreads,
    maxThreads,
    idleTimeout: kept > LONGEST_TIMEOUT ? Number.POSITIVE_INFINITY : kept,
    maxQueue,
    life: checkLife(options),
    contexts: checkContexts(options.contexts),
    worker: ofWorker,
  };
}

function checkLife({ setup, teardown, maxJobs, maxHeap }: ThreadPoolOptions): WorkerLife {
  return {
    pool: 0,
    setup: setup === undefined ? undefined : packTarget(setup),
    teardown: teardown === undefined ? undefined : packTarget(teardown),
    maxJobs: maxJobs === undefined ? Number.POSITIVE_INFINITY : checkCount('maxJobs', maxJobs, 1, 2 ** 31),
    maxHeap: maxHeap === undefined ? Number.POSITIVE_INFINITY : checkCount('maxHeap', maxHeap, 1, 2 ** 20),
  };
}
