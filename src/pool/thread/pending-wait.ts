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
  expired: (settle: Settle<T>, timeout: number) => void,
): Wait<T> {
  checkOptions(options);
  const timeout = checkTimeout(options?.timeout);
  const signal = checkSignal(options);
  return new Wait<T>((settle) => {
    if (signal?.aborted === true) return void settle.reject(signal.reason);
    const pending = new Pending<T>(settle);
    pending.begin(listen, signal);
    if (timeout !== Number.POSITIVE_INFINITY) pending.limit(timeout, expired);
    return pending;
  });
}

/** One such wait, from its subscription on; it is what RxJS unsubscribes. */
class Pending<T> implements Settle<T> {
  readonly #settle: Settle<T>;
  #open = true;
  /** Of its subscriber, once the wait is pending. */
  #context: CallerContext | undefined;
  /** Stop the listening to what it waits for, the listening to `signal`, and the timer. */
  #leave: (() => void) | undefined;
  #forget: (() => void) | undefined;
  #stopTimer: (() => void) | undefined;

  constructor(settle: Settle<T>) {
    this.#settle = settle;
  }

  begin(listen: Listen<T>, signal: AbortSignal | undefined): void {
    this.#leave = listen(this);
    if (!this.#open) return;
    this.#context = new CallerContext();
    keepAlive(1);
    this.#forget = signal && onAbort(signal, () => this.reject(signal.reason));
  }

  limit(timeout: number, expired: (settle: Settle<T>, timeout: number) => void): void {
    if (this.#open) this.#stopTimer = lateAfter(timeout, () => expired(this, timeout));
  }

  resolve(value: T): void {
    if (this.#close()) this.#tell(() => this.#settle.resolve(value));
  }

  reject(error: unknown): void {
    if (this.#close()) this.#tell(() => this.#settle.reject(error));
  }

  unsubscribe(): void {
    this.#close();
  }

  /** false: it was closed before. */
  #close(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#leave?.();
    this.#stopTimer?.();
    this.#forget?.();
    if (this.#context !== undefined) keepAlive(-1);
    return true;
  }

  #tell(how: () => void): void {
    if (this.#context === undefined) how();
    else this.#context.tell(how);
  }
}
