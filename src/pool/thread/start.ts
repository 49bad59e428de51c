import { ThreadError } from '../../errors.js';
import { show } from '../../primitives/options.js';
import { checkModule, type PackedTarget } from '../../primitives/target.js';
import { clone, cloning, isCloneError } from '../wire/clone-error.js';
import { encode } from '../wire/codec.js';
import { explainUncloneable } from '../wire/explain-uncloneable.js';
import { keepArgs } from '../wire/kept-args.js';
import type { PackedRun, StartPayload } from '../wire/messages.js';
import { NOT_PLAIN, plainCopy } from '../wire/plain-copy.js';
import { movesWith } from '../wire/transfer.js';
import { type Outputs, type OwnWorker, runInElasticPool } from '../workers/elastic-pool.js';
import { Executor } from '../workers/executor.js';
import { stackSize } from '../workers/stack-size.js';
import type { ThreadJob } from '../workers/thread-job.js';
import type { JobPool } from './job-pool.js';
import { type ThreadOptions, transferItems } from './thread-options.js';

/**
 * What the worker of a thread is to get.
 *
 * @param copied - what is to be transferred moves now, and no later change of the arguments is seen
 * @throws DataCloneError, TypeError for what cannot be sent
 */
export function packStart(
  options: ThreadOptions<readonly unknown[], unknown>,
  target: StartPayload['target'],
  copied: boolean,
): StartPayload {
  const args = options.args ?? [];
  const transfer = movesWith(transferItems(options), args);
  const plain = transfer.length === 0 ? cloning(() => plainCopy(args)) : NOT_PLAIN;
  const what = copied ? clone(target) : target;
  if (plain !== NOT_PLAIN) return { target: what, args: plain, transfer };
  const moving = { args: encode(args, transfer), transfer };
  return { target: what, ...(copied ? keepArgs(moving) : moving) };
}

/**
 * Finds a worker, of the pool or else of the elastic one, or a place in the pool's line.
 *
 * @throws DataCloneError for what cannot be sent; whatever the pool, or a worker that cannot be made, throws
 */
export function execute(
  pool: JobPool | undefined,
  job: ThreadJob,
  own: OwnWorker | undefined,
): Outputs | undefined {
  if (!(pool instanceof Executor)) return runInElasticPool(job, stackSize(), own);
  Executor.execute(pool, job);
  return undefined;
}

/** The error that `start` throws for what kept a thread from being started. */
export function cannotStart(name: string, args: readonly unknown[], cause: unknown): unknown {
  if (isCloneError(cause)) {
    const found = explainUncloneable(args, 'args') ?? cause.message;
    return new TypeError(`cannot start thread '${name}': ${found}, which cannot be cloned`, { cause });
  }
  if (cause instanceof TypeError) {
    const found = explainUncloneable(args, 'args');
    return found === undefined ? cause : new TypeError(`cannot start thread '${name}': ${found}`, { cause });
  }
  if (cause instanceof ThreadError) return cause;
  return noThread(name, cause);
}

/** The error of a thread or job for which there is no worker. */
export function noThread(name: string, cause: unknown): ThreadError {
  const said = cause instanceof Error ? cause.message : show(cause);
  const why = isInitFailure(cause)
    ? `the system gives no more (${said}): see ulimit -u and the memory`
    : said;
  return new ThreadError(`can't start new thread '${name}': ${why}`, { code: 'ERR_NO_THREAD', cause });
}

/** Whether it is the error with which Node tells that the system has no thread for a worker. */
export function isInitFailure(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_INIT_FAILED';
}

/**
 * A subclass's `run` for the worker: where the class is, and the fields of the instance. Fields that are functions or
 * symbols stay behind, because the worker has them from the class.
 *
 * @throws ThreadError when the class does not say where it is; TypeError naming the field that cannot be cloned
 */
export function packRun(thread: object, target: PackedTarget | null): PackedRun {
  const { name, module } = thread.constructor as { readonly name: string; readonly module?: unknown };
  if (typeof module !== 'string') {
    throw new ThreadError(
      `class ${name} overrides run but does not say where a worker finds it: declare ` +
        `'static readonly module = import.meta.url' in it and export it there as '${name}', got ${show(module)}`,
      { code: 'ERR_THREAD_TARGET' },
    );
  }
  const fields = Object.fromEntries(
    Object.entries(thread).filter(([, value]) => typeof value !== 'function' && typeof value !== 'symbol'),
  );
  const found = explainUncloneable(encode(fields).value, 'this');
  if (found !== undefined) throw new TypeError(`a thread's fields must be cloneable: ${found}`);
  return { module: checkModule(module), className: name, fields: encode(fields), target };
}
