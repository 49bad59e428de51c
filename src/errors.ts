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
  | 'ERR_OTHER_TABLE';

export interface ThreadErrorOptions extends ErrorOptions {
  code?: ThreadErrorCode;
}

/**
 * What Python raises as RuntimeError: an operation that the state of a primitive or a thread does not allow.
 *
 * @example
 * try { new Lock().release(); } catch (error) { error.code; // 'ERR_NOT_LOCKED' }
 */
export class ThreadError extends Error {
  override name = 'ThreadError';
  readonly code: ThreadErrorCode;

  constructor(message?: string, options: ThreadErrorOptions = {}) {
    super(message, options);
    this.code = options.code ?? 'ERR_THREAD_STATE';
  }
}

/** A barrier was broken or reset while waiting, or was broken already. */
export class BrokenBarrierError extends ThreadError {
  override name = 'BrokenBarrierError';

  constructor(message?: string, options: ThreadErrorOptions = {}) {
    super(message, { code: 'ERR_BROKEN_BARRIER', ...options });
  }
}

export interface OwnerDiedErrorOptions extends ThreadErrorOptions {
  owner?: number;
}

/**
 * The thread that held a Lock or RLock died with it. Told to exactly one acquirer, who does not hold it; what the
 * lock guards may be half changed. The lock is free again.
 */
export class OwnerDiedError extends ThreadError {
  override name = 'OwnerDiedError';
  /** `ident` of the thread that died. */
  readonly owner: number;

  constructor(message?: string, options: OwnerDiedErrorOptions = {}) {
    super(message, { code: 'ERR_OWNER_DIED', ...options });
    this.owner = options.owner ?? 0;
  }
}
