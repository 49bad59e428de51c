/** Codes are stable: match on them, not on messages. */
export type ThreadErrorCode =
  | 'ERR_THREAD_STATE'
  | 'ERR_NOT_LOCKED'
  | 'ERR_NOT_OWNER'
  | 'ERR_NO_THREAD'
  | 'ERR_THREAD_DIED'
  | 'ERR_THREAD_CANCELLED'
  | 'ERR_THREAD_TARGET'
  | 'ERR_CLONE'
  | 'ERR_CLOSURE'
  | 'ERR_POOL'
  | 'ERR_VALUE_FAILED'
  | 'ERR_BUFFER_FULL'
  | 'ERR_BROKEN_BARRIER'
  | 'ERR_OWNER_DIED'
  | 'ERR_OTHER_TABLE'
  | 'ERR_LOCK_LOST'
  | 'ERR_JOB_LOST'
  | 'ERR_ENGINE';

/** What a ThreadError is made of, beside its message. */
export interface ThreadErrorOptions extends ErrorOptions {
  /** Default `ERR_THREAD_STATE`; of the subclasses, their own. */
  code?: ThreadErrorCode | undefined;
}

/**
 * What Python raises as RuntimeError: an operation that the state of a primitive or a thread does not allow. The message
 * names what was asked and what was found.
 *
 * @example
 * try {
 *   new Lock().release();
 * } catch (error) {
 *   if (error instanceof ThreadError) console.log(error.code); // prints ERR_NOT_LOCKED
 * }
 */
export class ThreadError extends Error {
  /** The class's name. */
  override name = 'ThreadError';
  /** What went wrong; stable, unlike the message. */
  readonly code: ThreadErrorCode;

  constructor(message?: string, options: ThreadErrorOptions = {}) {
    super(message, options);
    this.code = options.code ?? 'ERR_THREAD_STATE';
  }
}

/**
 * A barrier was broken or reset while waiting, or was broken already. Its code is `ERR_BROKEN_BARRIER`. Source: CPython,
 * `threading.BrokenBarrierError`.
 *
 * @example
 * const barrier = new Barrier(2);
 * barrier.wait().subscribe({ error: (error) => console.log(error instanceof BrokenBarrierError) }); // prints true
 * barrier.abort();
 */
export class BrokenBarrierError extends ThreadError {
  /** The class's name. */
  override name = 'BrokenBarrierError';

  constructor(message?: string, options: ThreadErrorOptions = {}) {
    super(message, { ...options, code: options.code ?? 'ERR_BROKEN_BARRIER' });
  }
}

/** The process that had a lock of several machines, as it was when it took it. */
export interface Owner {
  /** Of its membership; another after each loss. */
  readonly session: string;
  /** Name of its machine. */
  readonly host: string;
  /** Of the process, on its machine. */
  readonly pid: number;
  /** What `new Machines` was given. */
  readonly name: string;
  /** Of its hold. */
  readonly token: bigint;
}

/** What an OwnerDiedError is made of, beside its message. */
export interface OwnerDiedErrorOptions extends ThreadErrorOptions {
  /** `ident` of the thread that died; default 0. */
  owner?: number | undefined;
  /** The process that died, of a lock of several machines. */
  machine?: Owner | undefined;
}

/**
 * The thread that held a Lock or RLock died with it. Told to exactly one acquirer, who does not hold it; what the
 * lock guards may be half changed. The lock is free again. Its code is `ERR_OWNER_DIED`. Python has no such thing: there
 * the lock stays locked for good. Source: POSIX, EOWNERDEAD of robust mutexes.
 *
 * @example
 * const lock = new RLock();
 * await new Thread({ target: (lock) => void lock.acquireSync(), args: [lock] }).start().join();
 * lock.acquire().subscribe({ error: (error) => console.log(error instanceof OwnerDiedError) }); // prints true
 */
export class OwnerDiedError extends ThreadError {
  /** The class's name. */
  override name = 'OwnerDiedError';
  /** `ident` of the thread that died; 0 when it is of another machine. */
  readonly owner: number;
  /** The process that died, or lost its lease, of a lock of several machines; undefined for a lock of this process. */
  readonly machine: Owner | undefined;

  constructor(message?: string, options: OwnerDiedErrorOptions = {}) {
    super(message, { ...options, code: options.code ?? 'ERR_OWNER_DIED' });
    this.owner = options.owner ?? 0;
    this.machine = options.machine;
  }
}
