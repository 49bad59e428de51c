import { ThreadError } from '../errors.js';
import type { Notifiable } from '../primitives/notifiable.js';
import {
  checkCount,
  checkOptions,
  checkSignal,
  checkTimeout,
  show,
  type WaitOptions,
} from '../primitives/options.js';
import { currentScope } from '../primitives/waiting/section-scope.js';
import { Wait } from '../primitives/waiting/wait.js';
import { change } from './change.js';
import { RemoteHeld } from './remote-held.js';
import { granted, type RemoteLock } from './remote-lock.js';
import type { RemoteRLock } from './remote-rlock.js';
import { RemoteWait, type Request } from './remote-wait.js';
import type { Session } from './session.js';
import { STAYS_HERE } from './stays-here.js';

/**
 * Waiting for a change of what a lock of several machines guards: `wait` lets the lock go, waits until notified by any
 * process, and takes the lock again, as another hold with a token of its own. Source: CPython, `threading.Condition`.
 *
 * A process that dies or is left after it was notified passes that on to the next.
 *
 * @example
 * const machines = new Machines({ connection: 'memory', namespace: 'shop' });
 * const condition = machines.condition(machines.lock('shelf'));
 * const held = await condition.hold();
 * const again = condition.wait(held, { timeout: 10 });
 * console.log(await again); // prints false
 * await machines.close();
 */
export class RemoteCondition implements Notifiable {
  /** See uncloneable.ts. @internal */
  readonly uncloneable: symbol = STAYS_HERE;
  /** What guards what is waited for. */
  readonly lock: RemoteLock | RemoteRLock;
  /** One section at a time. */
  readonly shared = false;
  readonly #session: Session;
  readonly #key: string;
  readonly #lockKey: string;

  /** @internal */
  constructor(session: Session, lock: RemoteLock | RemoteRLock) {
    this.lock = lock;
    this.#session = session;
    this.#key = `c:${lock.name}`;
    this.#lockKey = `l:${lock.name}`;
  }

  /** Acquires the lock and emits the RemoteHeld. Unsubscribing gives the place up. @throws as the lock's `hold` */
  hold(options?: WaitOptions): Wait<RemoteHeld> {
    return this.lock.hold(options);
  }

  /**
   * Lets go what is held, however deep, and emits what has the lock again once notified; false once `timeout` ms have passed
   * without: then, unlike with a local Condition, the lock is not taken again. Unsubscribing leaves it let go; a
   * notification already given goes to the next waiter.
   *
   * @param held - what is let go
   * @throws TypeError, RangeError for bad arguments; as the Observable's error: ThreadError, ERR_NOT_OWNER, unless `held` has the
   * lock; OwnerDiedError; LockLostError when this process was cut off while it waited; EngineError; the reason of `signal`
   */
  wait(held: RemoteHeld, options?: WaitOptions): Wait<RemoteHeld | false> {
    if (!(held instanceof RemoteHeld)) throw new TypeError(`held must be a RemoteHeld, got ${show(held)}`);
    checkOptions(options);
    const timeout = checkTimeout(options?.timeout);
    const signal = checkSignal(options);
    return new Wait((settle) => {
      if (signal?.aborted !== true && (held.key !== this.#lockKey || !held.letGo(this.#session))) {
        settle.reject(this.#notOwner('wait'));
        return undefined;
      }
      const wait = new RemoteWait(this.#session, this.#request(held.number), timeout, signal, settle);
      return wait.begin();
    });
  }

  #request(hold: string): Request<RemoteHeld | false> {
    // What is held may be forgotten with the engine's memory; it is let go all the same.
    let letGo = hold;
    let notified = false;
    const [key, lockKey] = [this.#key, this.#lockKey];
    const owner = currentScope()?.owner;
    return {
      key,
      get asks() {
        return notified ? ({ operation: 'acquire', key: lockKey, args: ['1', '1'] } as const) : undefined;
      },
      operation: 'wait',
      get args() {
        return [letGo];
      },
      answer: (reply, wait) => {
        const again = reply[0] === '-5' && letGo !== '';
        letGo = '';
        if (again) wait.ask();
        notified ||= reply[0] === '2';
        return granted(this.#session, lockKey, wait.number, reply, this.lock.onOwnerDied, (held) =>
          this.lock.heldAgain(held, owner),
        );
      },
      expire: () => false,
    };
  }

  /**
   * Wakes as many of those waiting now, longest first, on whatever machine. They have the lock once it is released. Resolves
   * with the engine's answer.
   *
   * @param n - default 1
   * @throws ThreadError, ERR_NOT_OWNER, when this process does not have the lock; TypeError, RangeError unless `n` is a whole
   * number of 0 or more
   */
  notify(n: number = 1): Promise<void> {
    checkCount('n', n, 0, Number.MAX_SAFE_INTEGER);
    const session = this.#session;
    if (session.has.holdOf(this.#lockKey) === undefined) throw this.#notOwner('notify');
    return change(session, 'notify', this.#key, [`${n}`], ([what]) => {
      if (what === '-5') throw this.#notOwner('notify');
    });
  }

  /** Wakes all that wait now. @throws as `notify` */
  notifyAll(): Promise<void> {
    return this.notify(Number.MAX_SAFE_INTEGER);
  }

  #notOwner(what: string): ThreadError {
    return new ThreadError(`${what} of the condition of ${show(this.lock.name)}: its lock is not held`, {
      code: 'ERR_NOT_OWNER',
    });
  }

  /** Its lock. */
  toString(): string {
    return `<RemoteCondition(${this.lock})>`;
  }
}
