import { getIdent } from '../../primitives/threads/current-ident.js';
import { nativeId } from '../../primitives/threads/kernel.js';
import { DUMMY, LISTED, MAIN_IDENT } from '../../primitives/threads/table.js';
import { flagsOf, setFlags } from '../../primitives/threads/thread-slots.js';
import type { Thread } from '../thread/thread.js';
import { threadOf } from '../thread/thread-of.js';

/**
 * The thread that runs this code. In a worker that this library did not start it is a dummy, as in Python: a daemon,
 * from now on seen by `enumerate`, that cannot be joined to its end. Source: CPython, `threading.current_thread`.
 *
 * @example
 * console.log(`${currentThread()}`); // prints <_MainThread(MainThread, started 4096)>
 */
export function currentThread(): Thread {
  const ident = getIdent();
  const flags = flagsOf(ident);
  if ((flags & (DUMMY | LISTED)) === DUMMY) setFlags(ident, flags | LISTED);
  return threadOf(ident);
}

/**
 * The thread the process began with. Source: CPython, `threading.main_thread`.
 *
 * @example
 * console.log(mainThread() === currentThread()); // prints true
 */
export function mainThread(): Thread {
  return threadOf(MAIN_IDENT);
}

/**
 * The kernel's id of the thread that runs this code; null where the platform does not tell it. Source: CPython,
 * `threading.get_native_id`.
 *
 * @example
 * console.log(getNativeId() === currentThread().nativeId); // prints true
 */
export function getNativeId(): number | null {
  return nativeId();
}
