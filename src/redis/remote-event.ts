import { type Observable, Subscription } from 'rxjs';
import type { Gate } from '../primitives/gate.js';
import {
  checkOptions,
  checkSignal,
  checkTimeout,
  type WaitOptions,
  type WaitSyncOptions,
} from '../primitives/options.js';
import { type Settle, Wait } from '../primitives/waiting/wait.js';
import { waitBlocked } from './blocking.js';
import { change } from './change.js';
import { stateStream } from './remote-stream.js';
import { RemoteWait, type Request } from './remote-wait.js';
import type { Session } from './session.js';
import { STAYS_HERE } from './stays-here.js';

/** Below 0: nothing has been heard, which counts as clear. */
const UNKNOWN = -1;
/** A blocked thread waits for the answer in any case. In ms. */
const SHORTEST = 1;

/**
 * A flag that processes on any machine wait for. `set` frees all that wait then, even when `clear` follows at once. The engine
 * keeps it, whoever ends, until it is cleared. Source: CPython, `threading.Event`.
 *
 * @example
 * const machines = new Machines({ connection: 'memory', namespace: 'shop' });
 * const open = machines.event('open');
 * open.wait().subscribe((set) => console.log(set)); // prints true
 * await open.set();
 * await machines.close();
 */
export class RemoteEvent implements Gate {
  /** See uncloneable.ts. @internal */
  readonly uncloneable: symbol = STAYS_HERE;
  /** Who shares it, on every machine, knows it by that name. */
  readonly name: string;
  readonly #session: Session;
  readonly #key: string;
  /** Whether it is set. Now and at every change, by any machine; coalesces. Does not keep the process alive. */
  readonly isSet$: Observable<boolean>;
  readonly #generations: Observable<number>;
  #generation = UNKNOWN;
  #followers = 0;
  #following: Subscription | undefined;

  /** @internal */
  constructor(session: Session, name: string) {
    this.name = name;
    this.#session = session;
    this.#key = `e:${name}`;
    this.#generations = stateStream(session, this.#key, ([generation]) => Number(generation));
    this.isSet$ = stateStream(session, this.#key, ([generation]) => isOdd(Number(generation)));
  }

  /** Sets it, and frees all that wait now, on every machine. Resolves with the engine's answer, which need not be waited for. */
  set(): Promise<void> {
    return this.#change('set');
  }

  /** Resets it: who waits from now on waits for the next `set`. Resolves with the engine's answer. */
  clear(): Promise<void> {
    return this.#change('clear');
  }

  #change(operation: 'set' | 'clear'): Promise<void> {
    return change(this.#session, operation, this.#key, [], ([, generation]) => {
      this.#heard(Number(generation));
    });
  }

  /** Asks whether it is set, at this moment. Unsubscribing costs nobody anything. */
  isSet(): Wait<boolean> {
    return this.#session.ask(([generation]) => isOdd(Number(generation)), 'state', '', '', this.#key);
  }

  /**
   * Emits true once it is set, or has been since, false when `timeout` ms have passed. Unsubscribing ends the wait and costs
   * nobody anything.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: LockLostError when this process was cut off while
   * it waited; EngineError; the reason of `signal`
   */
  wait(options?: WaitOptions): Wait<boolean> {
    checkOptions(options);
    const timeout = checkTimeout(options?.timeout);
    const signal = checkSignal(options);
    return new Wait((settle) => this.beginAt(UNKNOWN, timeout, signal, settle));
  }

  /**
   * Blocks this thread, a worker: its keeper asks. true once it is set, or has been since, false when `timeout` ms have passed.
   *
   * @throws TypeError, RangeError for bad options; ThreadError on the main thread, or with an engine in memory; as `wait`; the
   * reason when the thread is cancelled
   */
  waitSync(options?: WaitSyncOptions): boolean {
    checkOptions(options);
    const timeout = Math.max(checkTimeout(options?.timeout), SHORTEST);
    return waitBlocked(this.#session, this.#request(UNKNOWN), timeout);
  }

  /** As if the wait had begun at that generation; below 0: it begins now. For operators such as `awaitEvent`. */
  beginAt(
    generation: number,
    timeout: number,
    signal: AbortSignal | undefined,
    settle: Settle<boolean>,
  ): (() => void) | undefined {
    if (timeout === 0 && signal?.aborted !== true) {
      const looking = this.isSet().subscribe({
        next: (set) => settle.resolve(set),
        error: (error) => settle.reject(error),
      });
      return () => looking.unsubscribe();
    }
    return new RemoteWait(this.#session, this.#request(generation), timeout, signal, settle).begin();
  }

  #request(since: number): Request<boolean> {
    let from = since < 0 ? '' : `${since}`;
    const key = this.#key;
    return {
      operation: 'await',
      key,
      get args() {
        return [from];
      },
      answer: ([what, generation = '']) => {
        this.#heard(Number(generation));
        if (what === '1') return true;
        if (from === '') from = generation;
        return undefined;
      },
      expire: () => false,
      acknowledged: true,
    };
  }

  /** Odd while set; another after every change, as far as this process has heard. Below 0 unless somebody follows it. */
  get generation(): number {
    return this.#generation;
  }

  /** Keeps `generation` current until torn down. For operators such as `awaitEvent`. */
  follow(): Subscription {
    if (this.#followers++ === 0)
      this.#following = this.#generations.subscribe((generation) => this.#heard(generation));
    return new Subscription(() => {
      if (--this.#followers > 0) return;
      this.#following?.unsubscribe();
      this.#generation = UNKNOWN;
    });
  }

  #heard(generation: number): void {
    if (this.#followers > 0 && generation > this.#generation) this.#generation = generation;
  }

  /** Its name. */
  toString(): string {
    return `<RemoteEvent object '${this.name}' of ${this.#session.namespace}>`;
  }
}

function isOdd(generation: number): boolean {
  return generation % 2 === 1;
}
