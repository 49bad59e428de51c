import { checkOptions, checkSignal, checkTimeout, type WaitOptions } from '../../primitives/options.js';
import { CallerContext } from '../../primitives/waiting/caller-context.js';
import { keepAlive } from '../../primitives/waiting/event-loop.js';
import { onAbort } from '../../primitives/waiting/on-abort.js';
import { type Settle, Wait } from '../../primitives/waiting/wait.js';
import { lateAfter } from '../workers/late-after.js';

/** Settles once, maybe within the call; returns how to stop listening. */
export type Listen<T> = (settle: Settle<T>) => (() => void) | undefined;

/**
 * A Wait for something that no primitive grants, such as the end of a thread: with a timeout and a signal, and with the
 * process kept alive meanwhile. A pending one ends in the async context of its subscriber.
 *
 * @param listen - starts the wait
 * @param expired - settles the wait when its timeout has passed
 */
export function pendingWait<T>(
  options: WaitOptions | undefined,
  listen: Listen<T>,
  expired: (settle: Settle<T>) => void,
): Wait<T> {
  checkOptions(options);
  const timeout = checkTimeout(options?.timeout);
  const signal = checkSignal(options);
  return new Wait<T>((settle) => {
    if (signal?.aborted === true) return void settle.reject(signal.reason);
    let open = true;
    let leave: (() => void) | undefined;
    let stopTimer: (() => void) | undefined;
    let forget: (() => void) | undefined;
    const close = (): boolean => {
      if (!open) return false;
      open = false;
      leave?.();
      stopTimer?.();
      forget?.();
      if (held) keepAlive(-1);
      return true;
    };
    let held = false;
    let context: CallerContext | undefined;
    const end = (how: () => void): void => {
      if (!close()) return;
      if (context === undefined) how();
      else context.run(how);
    };
    leave = listen({
      resolve: (value) => end(() => settle.resolve(value)),
      reject: (error) => end(() => settle.reject(error)),
    });
    if (!open) return undefined;
    context = new CallerContext();
    held = true;
    keepAlive(1);
    forget = signal && onAbort(signal, () => end(() => settle.reject(signal.reason)));
    if (timeout !== Number.POSITIVE_INFINITY)
      stopTimer = lateAfter(timeout, () => end(() => expired(settle)));
    return () => void close();
  });
}
