import { ThreadError } from '../errors.js';

export const NOT_KEPT = 'nobody kept its Thread';
export const TOO_LONG_AGO = 'thousands of threads were started since it ended';

/** What a thread gave cannot be told any more. */
export function lost(ident: number, why: string): ThreadError {
  return new ThreadError(`what thread ${ident} gave is lost: ${why}`, { code: 'ERR_THREAD_DIED' });
}
