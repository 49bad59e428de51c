import { ThreadError } from '../../errors.js';
import { type Runnable, unpackTarget } from '../../primitives/target.js';
import { isCancelled } from '../../primitives/threads/cancel-flag.js';
import { nameOf } from '../../primitives/threads/thread-slots.js';
import { reasonFor } from '../thread/cancellation.js';
import type { RunningThread } from '../wire/messages.js';

/** What a thread is to call, where that is not a function that came by its source: it may have to be imported. */
export async function prepare({ ident, target }: RunningThread): Promise<Runnable> {
  if (isCancelled(ident)) throw reasonFor(ident);
  if (target === null) return () => undefined;
  try {
    if (!('className' in target)) return await unpackTarget(target);
    const { makeRun } = await import('./subclass.js');
    return await makeRun(target, ident);
  } catch (cause) {
    if (!(cause instanceof ThreadError)) throw cause;
    const { message, code } = cause;
    throw new ThreadError(`thread '${nameOf(ident)}' could not begin: ${message}`, { code, cause });
  }
}
