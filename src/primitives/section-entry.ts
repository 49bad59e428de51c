import type { Unsubscribable } from 'rxjs';
import type { Hold, Holding } from './acquirable.js';
import { Condition } from './condition.js';
import { Held, type HeldGroup, type Holdable } from './held.js';
import { RLock } from './rlock.js';
import { FollowedHold } from './section-waits.js';
import { Semaphore } from './semaphore.js';
import { Synchronizer } from './synchronizer.js';
import { getIdent } from './threads/current-ident.js';
import { SECTIONS, watches } from './threads/trace-flag.js';
import { currentScope, runIn, Scope } from './waiting/section-scope.js';
import type { Settle } from './waiting/wait.js';

/** How an operator takes a lock, again and again: one wait at a time. */
export interface SectionEntry {
  /** Whether several sections may hold it at once: a Semaphore, or a Holding of others that does not say otherwise. */
  readonly shared: boolean;
  /**
   * Starts a wait in that scope or, for an RLock and while somebody looks at sections, in a new one within it; its end runs
   * there. Returns how to leave, or nothing when it has ended already.
   */
  request(scope: Scope | undefined): Unsubscribable | undefined;
  /**
   * Serves this thread's waits for the lock before it returns; called by an operator that has just released it, or whose own
   * wait has run out of time.
   */
  serve(): void;
}

/** @param owner - of an RLock; default: each hold is an owner of its own */
export function entryTo(lock: Holding, owner: object | undefined, settle: Settle<Hold>): SectionEntry {
  const condition = lock instanceof Condition ? lock : undefined;
  const taken = condition?.lock ?? lock;
  if (taken instanceof RLock) return new OwnedEntry(taken, condition, owner, settle);
  if (taken instanceof Synchronizer) return new PlainEntry(taken, condition, settle);
  return {
    shared: lock.shared ?? true,
    request: (scope) =>
      runIn(lock.reentrant === true ? new Scope(scope, owner) : scope, () =>
        lock.hold().subscribe({
          next: (held) => settle.resolve(held),
          error: (error) => settle.reject(error),
        }),
      ),
    serve: () => {},
  };
}

class PlainEntry implements SectionEntry, Settle<boolean> {
  readonly shared: boolean;
  readonly #lock: Synchronizer;
  readonly #condition: Condition | undefined;
  protected readonly settle: Settle<Hold>;
  /** Of the section that is asked for. */
  protected scope: Scope | undefined = undefined;

  constructor(lock: Synchronizer, condition: Condition | undefined, settle: Settle<Hold>) {
    this.shared = lock instanceof Semaphore;
    this.#lock = lock;
    this.#condition = condition;
    this.settle = settle;
  }

  request(outer: Scope | undefined): Unsubscribable | undefined {
    this.scope = watches(SECTIONS) ? new Scope(outer) : undefined;
    return this.requestIn(this.scope ?? outer);
  }

  protected requestIn(scope: Scope | undefined): Unsubscribable | undefined {
    if (scope === currentScope()) return this.#begin();
    return runIn(scope, () => this.#begin());
  }

  #begin(): Unsubscribable | undefined {
    return this.#lock.begin(Number.POSITIVE_INFINITY, undefined, this);
  }

  resolve(_taken: boolean): void {
    const { scope } = this;
    const taken = scope === undefined ? this.#lock : new FollowedHold(this.#lock, scope, this.#lock);
    this.settle.resolve(this.#lock.inHand(taken));
  }

  reject(error: unknown): void {
    this.settle.reject(error);
  }

  serve(): void {
    if (this.#condition === undefined) this.#lock.queue?.lookAtOnce();
    else this.#condition.serve();
  }
}

/** Takes an RLock: the owner is the scope of the section, not the thread as a whole. */
class OwnedEntry extends PlainEntry implements Holdable {
  readonly #rlock: RLock;
  readonly #owner: object | undefined;
  #ident = 0;

  constructor(
    lock: RLock,
    condition: Condition | undefined,
    owner: object | undefined,
    settle: Settle<Hold>,
  ) {
    super(lock, condition, settle);
    this.#rlock = lock;
    this.#owner = owner;
  }

  override request(outer: Scope | undefined): Unsubscribable | undefined {
    this.scope = new Scope(outer, this.#owner);
    return this.requestIn(this.scope);
  }

  override resolve(_taken: boolean): void {
    const { scope } = this;
    if (scope !== undefined) this.#rlock.holdFor(scope);
    this.#ident = getIdent();
    const isFollowed = scope !== undefined && watches(SECTIONS);
    this.settle.resolve(new Held(isFollowed ? new FollowedHold(this.#rlock, scope, this) : this));
  }

  /** From whatever code the section's end comes; but once the thread has ended, the worker's next thread may not release it. */
  release(): void {
    if (this.#ident === getIdent()) this.#rlock.releaseHeld();
  }

  get helds(): HeldGroup {
    return this.#rlock.helds;
  }
}
