import type { Observable } from 'rxjs';
import { checkOptions, checkSignal, checkTimeout, type WaitOptions } from '../primitives/options.js';
import { Wait } from '../primitives/waiting/wait.js';
import { checkMachines, checkThingName, type MachinesOptions } from './options.js';
import { checkRemoteLock, RemoteLock, type RemoteLockOptions } from './remote-lock.js';
import { type MachinesState, Session } from './session.js';

/**
 * This process among others that share an engine. One session for all it holds and waits for, whatever their number: its
 * end frees everything in one step, and one renewal keeps everything.
 *
 * Keeps the process alive only while something is held or waited for. As the process ends, an uncaught error included, it
 * says goodbye within 250 ms.
 *
 * @throws TypeError, RangeError for bad options
 * @example
 * const machines = new Machines({ connection: 'memory', namespace: 'shop' });
 * const save = async (order: string) => `saved ${order}`;
 * of('tea')
 *   .pipe(withLock(machines.lock('accounts'), save))
 *   .subscribe({ next: (done) => console.log(done), complete: () => machines.close() }); // prints saved tea
 */
export class Machines implements AsyncDisposable {
  /** Who shares it shares its names. */
  readonly namespace: string;
  /** ms that this process may be silent before others take what it holds. */
  readonly lease: number;
  readonly #session: Session;

  constructor(options: MachinesOptions) {
    const checked = checkMachines(options);
    this.namespace = checked.namespace;
    this.lease = checked.lease;
    this.#session = new Session(checked);
  }

  /** Id of the membership; another after a loss. */
  get session(): string {
    return this.#session.id;
  }

  /**
   * Connects now, and emits once connected. Unsubscribing ends only the waiting.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: EngineError when the engine refuses, is too old,
   * evicts keys, or is used by another version of this protocol; TimeoutError; the reason of `signal`
   */
  open(options?: WaitOptions): Wait<Machines> {
    checkOptions(options);
    const timeout = checkTimeout(options?.timeout);
    const signal = checkSignal(options);
    return new Wait((settle) =>
      this.#session.opened(timeout, signal, {
        resolve: () => settle.resolve(this),
        reject: (error) => settle.reject(error),
      }),
    );
  }

  /** Whether all that is held is ours for certain at this instant, whatever the event loop did meanwhile. Costs a look at two words. */
  get valid(): boolean {
    return this.#session.validity.valid;
  }

  /** Now and every change. Completes when closed. Does not keep the process alive. */
  get state$(): Observable<MachinesState> {
    return this.#session.state$;
  }

  /** What went wrong where nobody listened. Completes when closed. Does not keep the process alive. */
  get errors$(): Observable<Error> {
    return this.#session.errors$;
  }

  /** The lock of that name, the same on every machine. @throws TypeError, RangeError for a bad name or options */
  lock(name: string, options?: RemoteLockOptions): RemoteLock {
    return new RemoteLock(this.#session, checkThingName(name), checkRemoteLock(options));
  }

  /** Ends the session: what is held is released, and nobody is told that an owner died; waits fail with LockLostError. */
  close(): Promise<void> {
    return this.#session.close();
  }

  /** As `close`; called by `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
