import {
  type MonoTypeOperatorFunction,
  Observable,
  type ObservableInput,
  type ObservedValueOf,
  type OperatorFunction,
  of,
} from 'rxjs';
import type { Holding } from '../primitives/acquirable.js';
import { ofAnotherCopy } from '../primitives/brand.js';
import { checkOptions, checkTimeout, show } from '../primitives/options.js';
import { type Section, Sections } from './parts/sections.js';

/** How `withLock` waits for its lock, and as whom. */
export interface WithLockOptions {
  /** Longest wait of one value for the lock, in ms of RxJS's time; then RxJS's TimeoutError. Default: for ever. */
  timeout?: number | undefined;
  /**
   * Of an RLock: sections with the same owner are one owner, and re-enter. For pipelines that belong together but are
   * joined by a Subject, which does not tell the one that it runs within the other.
   */
  owner?: object | undefined;
}

/**
 * Each value takes the lock, in order, for exactly the life of its inner subscription: the lock is released when that
 * completes, errors or is unsubscribed, after its teardown and before the completion or error is passed on. One value of
 * a subscription runs at a time; over a Semaphore of n, up to n. Values that wait are kept.
 *
 * Without `project`, the whole source subscription is inside the lock.
 *
 * An RLock belongs to the section: two pipelines of one thread exclude each other, and a `withLock` within the section,
 * also after an asynchronous hop, re-enters.
 *
 * Unsubscribing drops what waits, tears down what runs, and then releases. Source: CPython, the `with` statement on a lock,
 * and RxJS, `concatMap`.
 *
 * @throws TypeError, RangeError at the call: a lock that is none, a project that is no function, bad options. As the
 * Observable's error: OwnerDiedError and TimeoutError, whose `cause` tells the value and its index
 * @example
 * const lock = new Lock();
 * const save = async (order: string) => console.log(order, lock.locked()); // prints tea true, then bread true
 * of('tea', 'bread')
 *   .pipe(withLock(lock, save))
 *   .subscribe();
 */
export function withLock<T, O extends ObservableInput<unknown>>(
  lock: Holding,
  project: (value: T, index: number) => O,
  options?: WithLockOptions,
): OperatorFunction<T, ObservedValueOf<O>>;
/**
 * The whole source subscription inside the lock: it is subscribed to once the lock is acquired, and the lock released when it
 * completes, errors or is unsubscribed. Source: CPython, the `with` statement on a lock.
 *
 * @throws as with a `project`
 * @example
 * const printer = new Lock();
 * const page = of('a page').pipe(withLock(printer));
 * page.subscribe((text) => console.log(text, printer.locked())); // prints a page true
 */
export function withLock<T>(lock: Holding, options?: WithLockOptions): MonoTypeOperatorFunction<T>;
export function withLock<T>(
  lock: Holding,
  projectOrOptions?: ((value: T, index: number) => ObservableInput<unknown>) | WithLockOptions,
  maybeOptions?: WithLockOptions,
): OperatorFunction<T, unknown> {
  checkLock(lock);
  if (typeof projectOrOptions === 'function') {
    const limits = checkWithLock(maybeOptions);
    return (source) => sections(source, { lock, project: projectOrOptions, ...limits });
  }
  if (
    maybeOptions !== undefined ||
    (projectOrOptions !== undefined && typeof projectOrOptions !== 'object')
  ) {
    throw new TypeError(`project must be a function, got ${show(projectOrOptions)}`);
  }
  const limits = checkWithLock(projectOrOptions);
  return (source) => sections(of(undefined), { lock, project: () => source, ...limits });
}

function sections<T, R>(source: Observable<T>, section: Section<T, R>): Observable<R> {
  return new Observable((subscriber) => new Sections(subscriber, section).run(source));
}

function checkLock(lock: unknown): void {
  if (typeof (lock as Partial<Holding> | null | undefined)?.hold !== 'function') {
    throw new TypeError(
      `lock must be a Lock, RLock, Condition or Semaphore, got ${show(lock)}${ofAnotherCopy(lock)}`,
    );
  }
}

function checkWithLock(options: WithLockOptions | undefined): { timeout: number; owner: object | undefined } {
  checkOptions(options, ['timeout', 'owner']);
  const owner: unknown = options?.owner;
  if (owner !== undefined && (typeof owner !== 'object' || owner === null)) {
    throw new TypeError(`owner must be an object, got ${show(owner)}`);
  }
  return { timeout: checkTimeout(options?.timeout), owner };
}
