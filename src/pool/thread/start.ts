import { ThreadError } from '../../errors.js';
import { show } from '../../primitives/options.js';
import { checkModule, type PackedTarget } from '../../primitives/target.js';
import { encode } from '../wire/codec.js';
import { explainUncloneable, isCloneError } from '../wire/explain-uncloneable.js';
import type { PackedRun, StartPayload, ToThread } from '../wire/messages.js';
import { movesOf } from '../wire/transfer.js';
import { takeWorker } from '../workers/elastic-pool.js';
import { Executor, type WorkerHandle, type WorkerListener } from '../workers/executor.js';
import { stackSize } from '../workers/stack-size.js';
import { type ThreadOptions, transferItems } from './thread-options.js';

/** How a thread gets to its worker: what is sent there, and which worker it is. */
export class Launch {
  readonly #options: ThreadOptions<readonly unknown[], unknown>;

  constructor(options: ThreadOptions<readonly unknown[], unknown>) {
    this.#options = options;
  }

  get args(): readonly unknown[] {
    return this.#options.args ?? [];
  }

  /** @param copied - what is to be transferred is moved now, and no later change of the arguments is seen */
  pack(target: StartPayload['target'], copied: boolean): StartPayload {
    const transfer = [...transferItems(this.#options), ...movesOf(this.args)];
    const payload: StartPayload = { target, args: encode(this.args, transfer), transfer };
    return copied ? structuredClone(payload, { transfer }) : payload;
  }

  /** Of the thread's pool, or of the elastic one. @throws DataCloneError, or why there is none */
  execute(
    name: string,
    first: readonly ToThread[],
    transfer: StartPayload['transfer'],
    listener: WorkerListener,
  ): WorkerHandle {
    const { pool } = this.#options;
    if (pool instanceof Executor) return Executor.execute(pool, name, first, transfer, listener);
    return takeWorker(stackSize(), first, transfer, listener);
  }
}

/** What went wrong, as whoever starts the thread is told. */
export function cannotStart(name: string, args: readonly unknown[], cause: unknown): unknown {
  if (isCloneError(cause)) {
    const found = explainUncloneable(args, 'args') ?? cause.message;
    return new TypeError(`cannot start thread '${name}': ${found}, which cannot be cloned`, { cause });
  }
  if (cause instanceof ThreadError || cause instanceof TypeError) return cause;
  const why = cause instanceof Error ? cause.message : show(cause);
  return new ThreadError(`can't start new thread '${name}': ${why}`, { code: 'ERR_NO_THREAD', cause });
}

/**
 * A subclass's `run` for the worker: where the class is, and the fields of the instance. Functions and symbols stay
 * behind: they are code, which the class has.
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
