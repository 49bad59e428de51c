import { ThreadError } from '../../errors.js';
import { Topic } from '../wire/bus.js';
import type { Encoded, PackedError } from '../wire/codec.js';

/** What a Thread object asks of the thread that started its thread, where that is another one. */
export type Question = 'output' | 'result' | 'join' | 'terminate' | { readonly cancel: PackedError };
export type Answer =
  | { readonly values: Encoded }
  | { readonly error: PackedError }
  /** The end of an answer of so many values, one of which may not have been readable. */
  | { readonly complete: number };

/** To the thread that started `ident`, from the thread `by`; `asks` is the number of the question. */
export const questions: Topic<{
  readonly ident: number;
  readonly by: number;
  readonly asks: string;
  readonly about: Question;
}> = new Topic('ask');
/** The asker has read so many values. */
export const reads: Topic<{ readonly asks: string; readonly values: number }> = new Topic('read');
/** The asker has unsubscribed. */
export const leaves: Topic<{ readonly asks: string }> = new Topic('leave');
export const answers: Topic<{ readonly asks: string; readonly answer: Answer }> = new Topic('answer');

export const NOT_KEPT = 'nobody kept its Thread';
export const TOO_LONG_AGO = 'thousands of threads were started since it ended';

/** The error of whoever asks for what a thread gave and cannot be told that any more. */
export function lost(ident: number, why: string): ThreadError {
  return new ThreadError(`what thread ${ident} gave is lost: ${why}`, { code: 'ERR_THREAD_DIED' });
}
