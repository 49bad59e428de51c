import { type Owner, type OwnerDiedError, ThreadError, type ThreadErrorOptions } from '../errors.js';

/** Why a lease is over. */
export type LostReason = 'expired' | 'forgotten' | 'closed';

/** What a LockLostError is made of, beside its message. */
export interface LockLostErrorOptions extends ThreadErrorOptions {
  /** Of what was held; 0n: nothing was held yet. Default 0n. */
  token?: bigint | undefined;
  /** Why it is over. Default 'expired'. */
  reason?: LostReason | undefined;
}

/**
 * The lease ended, or may have: what runs under it must not go on. Its code is `ERR_LOCK_LOST`. Python has no such thing:
 * within one process nobody is cut off.
 *
 * @example
 * const error = new LockLostError('the lease of accounts is over', { token: 7n });
 * console.log(error.code, error.reason); // prints ERR_LOCK_LOST expired
 */
export class LockLostError extends ThreadError {
  /** The class's name. */
  override name = 'LockLostError';
  /** Of what was held; 0n: it was still waited for. */
  readonly token: bigint;
  /** 'expired': not renewed in time. 'forgotten': the engine lost it and another was first. 'closed': `close()`. */
  readonly reason: LostReason;

  constructor(message?: string, options: LockLostErrorOptions = {}) {
    super(message, { ...options, code: options.code ?? 'ERR_LOCK_LOST' });
    this.token = options.token ?? 0n;
    this.reason = options.reason ?? 'expired';
  }
}

/** Of what is asked of a Machines that is closed. */
export function closed(): LockLostError {
  return new LockLostError('closed', { reason: 'closed' });
}

/** Of a lock whose owner, in another process, died with it or lost its lease: `machine` says which that was. */
export type RemoteOwnerDiedError = OwnerDiedError & { readonly machine: Owner };

/**
 * The workers of a job died more often than `maxDeaths`, or it is gone from the engine. Its code is `ERR_JOB_LOST`.
 *
 * @example
 * console.log(new JobLostError('job 7 is gone').code); // prints ERR_JOB_LOST
 */
export class JobLostError extends ThreadError {
  /** The class's name. */
  override name = 'JobLostError';

  constructor(message?: string, options: ThreadErrorOptions = {}) {
    super(message, { ...options, code: options.code ?? 'ERR_JOB_LOST' });
  }
}

/** What an EngineError is made of, beside its message. */
export interface EngineErrorOptions extends ThreadErrorOptions {
  /** Whether there was no answer. Default false. */
  outOfReach?: boolean | undefined;
}

/**
 * The engine cannot be used, or answered what it must not. Being out of reach for a while is no error to users: waits go
 * on. Its code is `ERR_ENGINE`.
 *
 * @example
 * console.log(new EngineError('redis://localhost evicts keys').code); // prints ERR_ENGINE
 */
export class EngineError extends ThreadError {
  /** The class's name. */
  override name = 'EngineError';
  /** There was no answer: what was asked may have been done, and is to be repeated once there is a connection again. */
  readonly outOfReach: boolean;

  constructor(message?: string, options: EngineErrorOptions = {}) {
    super(message, { ...options, code: options.code ?? 'ERR_ENGINE' });
    this.outOfReach = options.outOfReach ?? false;
  }
}
