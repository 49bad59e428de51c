import { type Observable, Subject } from 'rxjs';
import { show } from '../../primitives/options.js';
import type { Thread } from '../thread/thread.js';
import { threadOf } from '../thread/thread-of.js';
import { printUnhandled, setUnhandledHook } from '../workers/unhandled.js';

/** An error that ended a thread and that nobody took. */
export interface ExceptHookArgs {
  /** What was thrown. */
  readonly error: unknown;
  /** The thread that ended with it; null when something failed that an ended thread had left behind in its worker. */
  readonly thread: Thread | null;
}
/** What `setExcepthook` takes. */
export type ExceptHook = (args: ExceptHookArgs) => void;

let hook: ExceptHook | null = null;
const told = new Subject<ExceptHookArgs>();

/**
 * Who is told of every error that ends a thread and that nobody subscribed to: neither `result()` nor `output$`. What
 * main sets hears of all threads of the process, but for those started in a worker that has set its own.
 *
 * Python's SystemExit has no twin; a thread that ends with the reason it was cancelled for, or that was terminated,
 * is not told of. Source: CPython, `threading.excepthook`, which is assigned to.
 *
 * @param to - null: the default, which prints to stderr
 * @throws TypeError for anything else
 * @example
 * setExcepthook(({ error, thread }) => console.log(`${thread?.name}: ${error}`)); // prints mill: Error: jammed
 * new Thread({ name: 'mill', target: () => { throw new Error('jammed'); } }).start();
 */
export function setExcepthook(to: ExceptHook | null): void {
  if (to !== null && typeof to !== 'function')
    throw new TypeError(`hook must be a function or null, got ${show(to)}`);
  hook = to;
}

/**
 * The default hook: prints the thread's name and the error with its stack to stderr. Source: CPython,
 * `threading.excepthook`.
 *
 * @throws TypeError unless it is given an object
 * @example
 * setExcepthook((args) => {
 *   if (args.thread?.daemon) console.log('never mind'); // prints never mind
 *   else excepthook(args);
 * });
 * const thread = new Thread({ target: () => { throw new Error('jammed'); }, daemon: true }).start();
 * await thread.join();
 */
export function excepthook(args: ExceptHookArgs): void {
  if (typeof args !== 'object' || args === null)
    throw new TypeError(`args must be an object with an error and a thread, got ${show(args)}`);
  printUnhandled(args.thread?.name, args.error);
}

/**
 * The errors that the hook of `setExcepthook` is told of, as a stream beside it. Never completes. Unsubscribing ends only the
 * watching. Does not keep the process alive. Python has no such thing.
 *
 * @example
 * setExcepthook(() => {}); // or the default prints as well
 * excepthook$.subscribe(({ error }) => console.log(String(error))); // prints Error: jammed
 * new Thread({ target: () => { throw new Error('jammed'); } }).start();
 */
export const excepthook$: Observable<ExceptHookArgs> = told.asObservable();

setUnhandledHook((ident, error) => {
  const args: ExceptHookArgs = { error, thread: ident === null ? null : threadOf(ident) };
  told.next(args);
  if (hook === null) return false;
  try {
    hook(args);
  } catch (failure) {
    excepthook(args);
    excepthook({ error: new Error('in the hook of setExcepthook', { cause: failure }), thread: args.thread });
  }
  return true;
});
