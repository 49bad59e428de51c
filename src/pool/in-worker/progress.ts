import type { TransferListItem } from 'node:worker_threads';
import { ThreadError } from '../../errors.js';
import { getIdent } from '../../primitives/threads/current-ident.js';
import { MAIN_IDENT, RUNNING } from '../../primitives/threads/table.js';
import { stateOf } from '../../primitives/threads/thread-slots.js';
import { threadWide } from '../../primitives/threads/thread-wide.js';
import { type Encoded, encode } from '../wire/codec.js';
import { tellParent } from '../wire/parent-link.js';
import { movesOf } from '../wire/transfer.js';
import { cannotClone } from './failure.js';

/**
 * Tells whoever started the current thread how far it is: every value arrives, in the order of the calls and before the
 * thread's result, at its `progress$`, or at the `onProgress` of the `run` or `threadMap` that it works for. Values are
 * structured-cloned, or move: see `transfer`. Nobody has to watch. Of a target that streams, it comes after the values
 * emitted before it; where the reader has no room for these, it does not wait for them. Python has no such thing.
 *
 * @throws ThreadError outside a thread that this library started, in a target of threadPipe, and when `value` cannot be
 * cloned
 * @example
 * const target = async (steps: number) => {
 *   const { reportProgress } = await import('rxjs-threading');
 *   for (let done = 1; done <= steps; done++) reportProgress(done);
 *   return 'done';
 * };
 * const thread = new Thread({ target, args: [2] });
 * thread.progress$.subscribe((done) => console.log(`${done} of 2`)); // prints 1 of 2, then 2 of 2
 * console.log(await thread.start().result()); // prints done
 */
export function reportProgress(value: unknown): void {
  const ident = getIdent();
  const { refused } = operators;
  if (ident === refused?.ident)
    throw new ThreadError(`reportProgress was called in ${refused.operator}, which has no progress to watch`);
  let told = false;
  try {
    if (ident !== MAIN_IDENT && stateOf(ident) === RUNNING) told = tell(value);
  } catch (cause) {
    throw cannotClone(ident, 'progress', value, cause);
  }
  if (!told) throw new ThreadError('reportProgress was called outside a running thread: nobody started it');
}

type TellProgress = (value: Encoded, transfer: readonly TransferListItem[]) => boolean;

/** What operators say of their threads: to all copies of this library, as the target may have another than the operator. */
interface Operators {
  refused: { readonly ident: number; readonly operator: string } | undefined;
  redirected: { readonly ident: number; readonly tell: TellProgress } | undefined;
}

const operators: Operators = threadWide('progress', { refused: undefined, redirected: undefined });

/** Called by an operator's thread before it calls the target: nobody can have that thread, to watch its progress. */
export function refuseProgress(operator: string): void {
  operators.refused = { ident: getIdent(), operator };
}

/** Called by an operator's thread before it calls the target: what that reports is the operator's to pass on. */
export function redirectProgress(tell: TellProgress): void {
  operators.redirected = { ident: getIdent(), tell };
}

function tell(value: unknown): boolean {
  const transfer = movesOf([value]);
  const encoded = encode(value, transfer);
  const { redirected } = operators;
  if (redirected?.ident === getIdent()) return redirected.tell(encoded, transfer);
  return tellParent({ kind: 'progress', value: encoded }, transfer);
}
