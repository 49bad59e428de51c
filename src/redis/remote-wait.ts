import { CallerContext } from '../primitives/waiting/caller-context.js';
import { tellFarWait } from '../primitives/waiting/channels.js';
import { after, keepAlive, now } from '../primitives/waiting/event-loop.js';
import { onAbort } from '../primitives/waiting/on-abort.js';
import { currentScope, runIn } from '../primitives/waiting/section-scope.js';
import type { Settle } from '../primitives/waiting/wait.js';
import type { EngineOperation } from './engine.js';
import { EngineError } from './errors.js';

/** What a wait needs of the session that it belongs to, here or in a keeper. */
export interface WaitHost {
  /** Of the session. */
  readonly id: string;
  /** Whether what is asked now goes out now. */
  readonly reachable: boolean;
  /** Whether what is asked now may reach the engine, now or later. */
  readonly sending: boolean;
  nextNumber(): string;
  attempt(operation: EngineOperation, ...args: readonly string[]): Promise<readonly string[]>;
  call(operation: EngineOperation, ...args: readonly string[]): Promise<readonly string[]>;
  report(promise: Promise<unknown>): Promise<void>;
  addWait(wait: Waiting): void;
  removeWait(wait: Waiting): void;
  /** What is held there, by its number. */
  readonly has?: { hold(number: string): { release(): unknown } | undefined };
  /** Called when the engine does not know the session. */
  notKnown(): void;
}

/** A wait, as the session sees it. */
export interface Waiting {
  readonly number: string;
  readonly key: string;
  readonly askedAt: number;
  ask(): void;
  told(reply: readonly string[]): void;
  fail(error: unknown): void;
}

/** A wait, as its request sees it. */
export interface Asking {
  readonly number: string;
  /** Asks again. */
  ask(): void;
  /** An answer that the request itself has asked for. */
  told(reply: readonly string[]): void;
  fail(error: unknown): void;
}

/** What is waited for: how it is asked for, and what its answers come to. */
export interface Request<T> {
  readonly operation: EngineOperation;
  /** The thing: kind and name. */
  readonly key: string;
  /** Of the operation, behind session, number and thing. */
  readonly args: readonly string[];
  /** What is asked in place of that, of another thing; undefined: that. */
  readonly asks?: Pick<Request<T>, 'operation' | 'key' | 'args'> | undefined;
  /**
   * What an answer, or a hint in its form, comes to; undefined: it waits on. Throws the wait's error. May change what is
   * asked next time.
   */
  answer(reply: readonly string[], wait: Asking): T | undefined | Promise<T>;
  /** At its timeout, when nothing has come. Throws the wait's error. */
  expire(): T;
  /** How the engine is told that its time is up; the answer is one of the wait's. Default: `leave` with '0'. */
  readonly expiring?: { readonly operation: EngineOperation; readonly args: readonly string[] };
  /** Whether the engine keeps what came of it until it was told that this is known. */
  readonly acknowledged?: boolean;
}

/**
 * One wait for something of the engine. A hint may come before the answer, or never, so it asks again after a third of a
 * lease and after every gap: with the same number, so that the answer is the same.
 *
 * ASKING -an answer or a hint-> SETTLED, or CONFIRMING -confirmed-> SETTLED; ASKING -its time is up-> EXPIRING -what came just
 * in time, or nothing-> SETTLED, or it is decided already-> ASKING; any -unsubscribed, aborted, its session is over-> SETTLED.
 * Invariant: while not SETTLED the session knows it, and it keeps the process alive. It asks only while
 * ASKING, because what is asked after `leave` would be taken for a wait of its own.
 */
export class RemoteWait<T> {
  readonly number: string;
  readonly session: string;
  readonly #of: WaitHost;
  readonly #request: Request<T>;
  readonly #timeout: number;
  readonly #signal: AbortSignal | undefined;
  readonly #settle: Settle<T>;
  readonly #scope = currentScope();
  readonly #context = new CallerContext();
  #state: 'asking' | 'expiring' | 'confirming' | 'settled' = 'asking';
  /** When it asked last; by `now()`. */
  askedAt = 0;
  /** Whether the engine may have heard of it. */
  #sent = false;
  #deaf: (() => void) | undefined;
  #timer: (() => void) | undefined;
  #tellEnd: ReturnType<typeof tellFarWait>;

  /** @param timeout - ms; Infinity: for ever; 0: the request itself says that it does not wait */
  constructor(
    of: WaitHost,
    request: Request<T>,
    timeout: number,
    signal: AbortSignal | undefined,
    settle: Settle<T>,
  ) {
    this.#of = of;
    this.#request = request;
    this.#timeout = timeout;
    this.#signal = signal;
    this.#settle = settle;
    this.number = of.nextNumber();
    this.session = of.id;
  }

  get key(): string {
    return this.#request.key;
  }

  /** Starts it; returns how to leave it, or nothing when it has ended already. */
  begin(): (() => void) | undefined {
    const signal = this.#signal;
    if (signal?.aborted) {
      this.#settle.reject(signal.reason);
      return undefined;
    }
    keepAlive(1);
    this.#tellEnd = tellFarWait(kindOf(this.key), nameOf(this.key), 'observable');
    this.#of.addWait(this);
    if (signal !== undefined) this.#deaf = onAbort(signal, () => this.#abort(signal));
    if (this.#timeout > 0 && this.#timeout < Number.POSITIVE_INFINITY)
      this.#timer = after(this.#timeout, () => void this.#expire());
    this.ask();
    return () => this.#leave();
  }

  /** Asks, or asks again. */
  ask(): void {
    if (this.#state !== 'asking') return;
    this.askedAt = now();
    this.#sent ||= this.#of.sending;
    const { operation, key, args } = this.#request.asks ?? this.#request;
    this.#of.attempt(operation, this.number, key, ...args).then(
      (reply) => this.told(reply),
      (error) => {
        // Asked again once the engine can be reached.
        if (!(error instanceof EngineError && error.outOfReach)) this.fail(error);
      },
    );
  }

  /** An answer, or a hint in its form. */
  told(reply: readonly string[]): void {
    if (this.#state === 'settled' || this.#state === 'confirming') return;
    if (reply[0] === '-1') {
      this.#of.notKnown();
      return;
    }
    let outcome: T | undefined | Promise<T>;
    try {
      outcome = this.#request.answer(reply, this);
    } catch (error) {
      this.#acknowledge();
      this.fail(error);
      return;
    }
    if (outcome === undefined) {
      if (this.#timeout === 0 && this.#state === 'asking') this.#giveUp();
      return;
    }
    this.#acknowledge();
    if (outcome instanceof Promise) this.#confirm(outcome);
    else this.#resolve(outcome);
  }

  /** Called when what came is still to be confirmed. Left meanwhile, it is given back. */
  #confirm(outcome: Promise<T>): void {
    this.#state = 'confirming';
    this.#timer?.();
    const giveBack = () => void this.#of.has?.hold(this.number)?.release();
    outcome.then(
      (value) => (this.#state === 'settled' ? giveBack() : this.#resolve(value)),
      (error) => this.fail(error),
    );
  }

  #acknowledge(): void {
    if (this.#request.acknowledged === true) this.#release();
  }

  /** It is over: with its session, or because the engine refuses. */
  fail(error: unknown, outcome: 'timeout' | 'left' = 'left'): void {
    if (!this.#end(outcome)) return;
    this.#tell(() => this.#settle.reject(error));
  }

  #resolve(value: T, outcome: 'woken' | 'timeout' = 'woken'): void {
    if (!this.#end(outcome)) return;
    this.#tell(() => this.#settle.resolve(value));
  }

  #tell(settle: () => void): void {
    this.#context.tell(() => runIn(this.#scope, settle));
  }

  /** Its time is up, or it was not to wait. */
  #giveUp(): void {
    let value: T;
    try {
      value = this.#request.expire();
    } catch (error) {
      this.fail(error, 'timeout');
      return;
    }
    this.#resolve(value, 'timeout');
  }

  async #expire(): Promise<void> {
    if (this.#state !== 'asking') return;
    this.#state = 'expiring';
    // Out of reach: nobody can say now what came of it, so it is given back should it come.
    if (!this.#of.reachable) {
      this.#release();
      this.#giveUp();
      return;
    }
    const { operation, args } = this.#request.expiring ?? { operation: 'leave', args: ['0'] };
    try {
      const reply = await this.#of.call(operation, this.number, this.key, ...args);
      if (this.#state !== 'expiring') return;
      if (reply[0] === '0' && this.#request.expiring === undefined) {
        this.#giveUp();
        return;
      }
      // It may wait on, for what is decided already.
      this.#state = 'asking';
      this.told(reply);
    } catch (error) {
      this.fail(error);
    }
  }

  #abort(signal: AbortSignal): void {
    if (this.#state === 'settled') return;
    this.#release();
    this.fail(signal.reason);
  }

  #leave(): void {
    if (this.#end('left')) this.#release();
  }

  /** What came of it, or will, is given back. */
  #release(): void {
    if (!this.#sent || this.#of.id !== this.session) return;
    this.#of.report(this.#of.call('leave', this.number, this.key, '1'));
  }

  #end(outcome: 'woken' | 'timeout' | 'left'): boolean {
    if (this.#state === 'settled') return false;
    this.#state = 'settled';
    this.#tellEnd?.(outcome);
    this.#timer?.();
    this.#deaf?.();
    this.#of.removeWait(this);
    keepAlive(-1);
    return true;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  l: 'RemoteLock',
  s: 'RemoteSemaphore',
  e: 'RemoteEvent',
  b: 'RemoteBarrier',
  c: 'RemoteCondition',
};

/** The class of a thing, by which an RLock is its lock. */
export function kindOf(key: string): string {
  return KINDS[key.charAt(0)] ?? '';
}

export function nameOf(key: string): string {
  return key.slice(2);
}

/** A hint in the form of the answer that it stands for; undefined: it belongs to no wait. */
export function replyOf(
  kind: string,
  [word = '', run = '', ...died]: readonly string[],
): readonly string[] | undefined {
  switch (kind) {
    case 'g':
      return ['1', word, died.join(' '), run];
    case 'e':
    case 'p':
      return ['1', word];
    case 'a':
      return ['2', word];
    case 'n':
      return ['2'];
    case 'x':
      return ['-3'];
    default:
      return undefined;
  }
}
