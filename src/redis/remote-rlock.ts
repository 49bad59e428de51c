import type { Observable } from 'rxjs';
import { type Owner, ThreadError } from '../errors.js';
import { show } from '../primitives/options.js';
import { CallerContext } from '../primitives/waiting/caller-context.js';
import { soon } from '../primitives/waiting/event-loop.js';
import { currentScope, runIn, type Scope } from '../primitives/waiting/section-scope.js';
import type { Settle, Wait } from '../primitives/waiting/wait.js';
import { RemoteAcquirable } from './remote-acquirable.js';
import type { RemoteHeld } from './remote-held.js';
import type { RemoteLock } from './remote-lock.js';
import type { Session } from './session.js';

/** What this process has of a lock that it may enter again. */
interface Levels {
  /** Of the engine. */
  readonly held: RemoteHeld;
  /** The section that took it; undefined: this process as a whole. */
  readonly owner: object | undefined;
  count: number;
}

/** A wait of this process for the lock, which the engine queues. */
interface Entrant {
  readonly scope: Scope | undefined;
  /** It is its owner's by now: it need not wait any more. */
  enter(own: Levels): void;
}

/** What this process has, and wants, of the lock of a name: all RemoteRLocks of that name are one. */
interface Ownership {
  levels: Levels | undefined;
  readonly entrants: Set<Entrant>;
}

const ownerships = new WeakMap<Session, Map<string, Ownership>>();

function ownershipOf(session: Session, name: string): Ownership {
  const ofSession = ownerships.get(session) ?? new Map<string, Ownership>();
  ownerships.set(session, ofSession);
  const ownership = ofSession.get(name) ?? { levels: undefined, entrants: new Set() };
  ofSession.set(name, ownership);
  return ownership;
}

/**
 * A RemoteLock that its owner may enter again: it is free once released as often as acquired. The owner is this process; but
 * what `withLock` acquired is its section's alone, and the rest of the process waits for it like others. The engine knows one
 * hold. Source: CPython, `threading.RLock`.
 *
 * @example
 * const machines = new Machines({ connection: 'memory', namespace: 'shop' });
 * const lock = machines.rlock('accounts');
 * const [outer, inner] = [await lock.hold(), await lock.hold()];
 * console.log(lock.count, inner.token === outer.token); // prints 2 true
 * await inner.release();
 * await outer.release();
 * await machines.close();
 */
export class RemoteRLock extends RemoteAcquirable {
  /** One owner at a time. */
  override readonly shared = false;
  /** A section may take it again inside itself. */
  readonly reentrant = true;
  readonly #session: Session;
  readonly #lock: RemoteLock;

  /** @internal */
  constructor(session: Session, lock: RemoteLock) {
    super();
    this.#session = session;
    this.#lock = lock;
  }

  /** Who shares it, on every machine, knows it by that name. */
  get name(): string {
    return this.#lock.name;
  }

  /** How often this process has acquired it without releasing; 0 while it does not have it. */
  get count(): number {
    return this.#levels?.count ?? 0;
  }

  /** At once to its owner. @internal */
  override begin<T>(
    timeout: number,
    signal: AbortSignal | undefined,
    acquired: (held: RemoteHeld) => T,
    expire: () => T,
    settle: Settle<T>,
  ): (() => void) | undefined {
    const own = this.#own();
    if (own !== undefined && signal?.aborted !== true) {
      settle.resolve(acquired(this.#again(own)));
      return undefined;
    }
    const { entrants } = this.#ownership;
    const context = new CallerContext();
    const scope = currentScope();
    const entrant: Entrant = {
      scope,
      enter: (owned) => {
        left?.();
        context.tell(() => runIn(scope, () => settle.resolve(acquired(this.#again(owned)))));
      },
    };
    const gone = (): void => {
      entrants.delete(entrant);
      this.#forgetUnused();
    };
    const ended: Settle<T> = {
      resolve: (value) => {
        gone();
        settle.resolve(value);
      },
      reject: (error) => {
        gone();
        settle.reject(error);
      },
    };
    const take = (held: RemoteHeld): T => {
      entrants.delete(entrant);
      return acquired(this.#entered(held, scope?.owner));
    };
    entrants.add(entrant);
    const leave = this.#lock.begin(timeout, signal, take, expire, ended);
    const left =
      leave &&
      (() => {
        gone();
        leave();
      });
    return left;
  }

  /** At once to its owner. @internal */
  override take<T>(timeout: number, acquired: (held: RemoteHeld) => T, expire: () => T): T {
    const own = this.#own();
    const owner = currentScope()?.owner;
    if (own === undefined)
      return this.#lock.take(timeout, (held) => acquired(this.#entered(held, owner)), expire);
    return acquired(this.#again(own));
  }

  /** Of this process; undefined: it does not have it, or not any more. */
  get #levels(): Levels | undefined {
    const found = ownerships.get(this.#session)?.get(this.name)?.levels;
    return found?.held.inHand === true ? found : undefined;
  }

  get #ownership(): Ownership {
    return ownershipOf(this.#session, this.name);
  }

  /** If it is the caller's. */
  #own(): Levels | undefined {
    const found = this.#levels;
    return found !== undefined && owns(currentScope(), found) ? found : undefined;
  }

  #entered(held: RemoteHeld, owner: object | undefined): RemoteHeld {
    const entered: Levels = { held, owner, count: 1 };
    const ownership = this.#ownership;
    ownership.levels = entered;
    // Behind whoever took it, who is told first.
    soon(() => {
      for (const entrant of [...ownership.entrants]) {
        if (this.#levels !== entered) return;
        if (owns(entrant.scope, entered) && ownership.entrants.has(entrant)) entrant.enter(entered);
      }
    });
    return this.#level(entered);
  }

  #again(own: Levels): RemoteHeld {
    own.count++;
    return this.#level(own);
  }

  #forgetUnused(): void {
    if (this.#levels === undefined && this.#ownership.entrants.size === 0)
      ownerships.get(this.#session)?.delete(this.name);
  }

  #level(entered: Levels): RemoteHeld {
    return entered.held.level(() => this.#leave(entered));
  }

  #leave(entered: Levels): Promise<void> {
    if (--entered.count > 0) return Promise.resolve();
    const ownership = this.#ownership;
    if (ownership.levels === entered) ownership.levels = undefined;
    this.#forgetUnused();
    return entered.held.release();
  }

  /** Whether the Machines of that session has made it. @internal */
  isOf(session: Session): boolean {
    return session === this.#session;
  }

  /** What a condition's wait has taken again. @internal */
  heldAgain(held: RemoteHeld, owner: object | undefined): RemoteHeld {
    return this.#entered(held, owner);
  }

  /** @internal */
  get onOwnerDied(): 'error' | 'grant' {
    return this.#lock.onOwnerDied;
  }

  /**
   * Gives one level back; the last one frees it. Resolves with the engine's answer, which need not be waited for.
   *
   * @throws ThreadError, ERR_NOT_OWNER, when the caller is not its owner
   */
  release(): Promise<void> {
    const own = this.#own();
    if (own !== undefined) return this.#leave(own);
    throw new ThreadError(`rlock ${show(this.name)} is not held by this process, or by a section of it`, {
      code: 'ERR_NOT_OWNER',
    });
  }

  /** Asks whether any process has it, at this moment. Unsubscribing costs nobody anything. */
  locked(): Wait<boolean> {
    return this.#lock.locked();
  }

  /** Whether any process has it. As RemoteLock's. */
  get locked$(): Observable<boolean> {
    return this.#lock.locked$;
  }

  /** Which process has it. As RemoteLock's. */
  get owner$(): Observable<Owner | null> {
    return this.#lock.owner$;
  }

  /** How many wait for it. As RemoteLock's. */
  get waiting$(): Observable<number> {
    return this.#lock.waiting$;
  }

  /** Its name. */
  override toString(): string {
    return `<RemoteRLock object '${this.name}' of ${this.#session.namespace}>`;
  }
}

function owns(scope: Scope | undefined, { owner }: Levels): boolean {
  return owner === undefined || scope?.countsAs(owner) === true;
}
