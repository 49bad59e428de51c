import type { Observable } from 'rxjs';
import { BrokenBarrierError } from '../errors.js';
import type { Meeting } from '../primitives/meeting.js';
import {
  checkOptions,
  checkSignal,
  checkTimeout,
  show,
  type WaitOptions,
  type WaitSyncOptions,
} from '../primitives/options.js';
import { Wait } from '../primitives/waiting/wait.js';
import { ask, waitBlocked } from './blocking.js';
import { change } from './change.js';
import { stateStream } from './remote-stream.js';
import { type Asking, RemoteWait, type Request } from './remote-wait.js';
import type { Session } from './session.js';
import { STAYS_HERE } from './stays-here.js';

/** How a barrier of several machines does its rounds. */
export interface RemoteBarrierOptions {
  /** Longest wait of each, in ms; it breaks the barrier for all. Default: for ever. */
  timeout?: number | undefined;
  /** Runs once a round in the process that came last, before any passes. It fails, or its process dies: the barrier breaks. */
  action?: (() => unknown) | undefined;
}

/** @throws TypeError, RangeError */
export function checkRemoteBarrier(options: RemoteBarrierOptions | undefined): RemoteBarrierOptions {
  checkOptions(options, ['timeout', 'action']);
  checkTimeout(options?.timeout);
  if (options?.action !== undefined && typeof options.action !== 'function')
    throw new TypeError(`action must be a function, got ${show(options.action)}`);
  return options ?? {};
}

/** Shorter waits are this long: whoever comes last must not be the one that breaks it. In ms. */
const SHORTEST = 1;

/**
 * Rounds among all processes of the namespace: who comes waits until as many have come as there are parties. Who is
 * unsubscribed, dies or is cut off has withdrawn; only a timeout, `abort` or a failed action breaks it. Source: CPython,
 * `threading.Barrier`.
 *
 * @example
 * const machines = new Machines({ connection: 'memory', namespace: 'shop' });
 * const both = machines.barrier('both', 2);
 * console.log(await Promise.all([both.wait(), both.wait()])); // prints [ 0, 1 ]
 * await machines.close();
 */
export class RemoteBarrier implements Meeting {
  /** See uncloneable.ts. @internal */
  readonly uncloneable: symbol = STAYS_HERE;
  /** Who shares it, on every machine, knows it by that name. */
  readonly name: string;
  /** How many have to arrive. */
  readonly parties: number;
  readonly #session: Session;
  readonly #key: string;
  readonly #timeout: number;
  readonly #action: (() => unknown) | undefined;
  /** How many wait. Now and at every change, by any machine; coalesces. Does not keep the process alive. */
  readonly nWaiting$: Observable<number>;
  /** Whether it is broken. Now and at every change, by any machine; coalesces. Does not keep the process alive. */
  readonly broken$: Observable<boolean>;

  /** @internal */
  constructor(session: Session, name: string, parties: number, options: RemoteBarrierOptions) {
    this.name = name;
    this.parties = parties;
    this.#session = session;
    this.#key = `b:${name}`;
    this.#timeout = checkTimeout(options.timeout);
    this.#action = options.action;
    this.nWaiting$ = stateStream(session, this.#key, ([waiting]) => Number(waiting));
    this.broken$ = stateStream(session, this.#key, ([, broken]) => broken === '1');
  }

  /**
   * Emits, when all parties have arrived, a number from 0 to parties - 1, in the order of arrival. Unsubscribing withdraws:
   * the others wait for one more again.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: BrokenBarrierError when it is broken, or is broken
   * or reset meanwhile, or `timeout` ms have passed; RangeError when it has another number of parties; what the action throws;
   * LockLostError when this process was cut off while it waited; EngineError; the reason of `signal`
   */
  wait(options?: WaitOptions): Wait<number> {
    checkOptions(options);
    const timeout = options?.timeout === undefined ? this.#timeout : checkTimeout(options.timeout);
    const signal = checkSignal(options);
    return new Wait((settle) =>
      new RemoteWait(this.#session, this.#request(), Math.max(timeout, SHORTEST), signal, settle).begin(),
    );
  }

  /**
   * The same, blocking this thread, a worker: its keeper asks. An action that is asynchronous is not waited for.
   *
   * @throws as `wait`; ThreadError on the main thread, or with an engine in memory; the reason when the thread is cancelled
   */
  waitSync(options?: WaitSyncOptions): number {
    checkOptions(options);
    const timeout = options?.timeout === undefined ? this.#timeout : checkTimeout(options.timeout);
    return waitBlocked(this.#session, this.#blockedRequest(), Math.max(timeout, SHORTEST));
  }

  /** As `#request`, but the action runs here and now. */
  #blockedRequest(): Request<number> {
    const request = this.#request();
    const session = this.#session;
    return {
      ...request,
      // When it has acted, and not before.
      acknowledged: this.#action === undefined,
      answer: (reply, wait) => {
        let [told, failure]: [readonly string[] | undefined, { error: unknown } | undefined] = [
          reply,
          undefined,
        ];
        if (reply[0] === '2') {
          try {
            this.#action?.();
          } catch (error) {
            failure = { error };
          }
          const acted = {
            ...request,
            operation: 'acted',
            args: [failure === undefined ? '1' : '0'],
          } as const;
          told = ask(session, acted, wait.number, Number.POSITIVE_INFINITY);
        }
        if (failure !== undefined) throw failure.error;
        return request.answer(told ?? [], wait);
      },
    };
  }

  #request(): Request<number> {
    let acting = false;
    let failure: { readonly error: unknown } | undefined;
    const act = async (wait: Asking): Promise<void> => {
      acting = true;
      try {
        await this.#action?.();
      } catch (error) {
        failure = { error };
      }
      try {
        const well = failure === undefined ? '1' : '0';
        wait.told(await this.#session.call('acted', wait.number, this.#key, well));
      } catch (error) {
        wait.fail(error);
      }
    };
    return {
      operation: 'arrive',
      key: this.#key,
      args: [`${this.parties}`, this.#action === undefined ? '0' : '1'],
      answer: ([what, word = ''], wait) => {
        if (what === '1') return Number(word);
        if (what === '-2') throw new RangeError(`${this.name} has ${word} parties, got ${this.parties}`);
        if (what === '-3')
          throw failure === undefined
            ? new BrokenBarrierError(`${this.name} is broken, or was broken or reset`)
            : failure.error;
        if (what === '2' && !acting) void act(wait);
        return undefined;
      },
      expire: () => {
        throw new BrokenBarrierError(`${this.name} was left, as its engine cannot be reached`);
      },
      expiring: { operation: 'withdraw', args: [] },
      acknowledged: true,
    };
  }

  /** Breaks it: who waits, and whoever will until a reset, gets BrokenBarrierError. Resolves with the engine's answer. */
  abort(): Promise<void> {
    return this.#tell('abort');
  }

  /** Back to the empty state, whole again; who waits gets BrokenBarrierError. Resolves with the engine's answer. */
  reset(): Promise<void> {
    return this.#tell('reset');
  }

  #tell(operation: 'abort' | 'reset'): Promise<void> {
    return change(this.#session, operation, this.#key);
  }

  /** Its name. */
  toString(): string {
    return `<RemoteBarrier object '${this.name}' of ${this.#session.namespace}>`;
  }
}
