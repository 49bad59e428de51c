import type { Observable, Unsubscribable } from 'rxjs';
import { OwnerDiedError, ThreadError } from '../errors.js';
import type { Acquirable } from './acquirable.js';
import type { HeldGroup } from './held.js';
import { FLAGS, OWN, SLEEPERS, TURN_ASKED, VALUE, WORD } from './memory/layout.js';
import { compareExchange, load, store } from './memory/word.js';
import type { AcquireOptions, AcquireSyncOptions, PrimitiveOptions } from './options.js';
import type { Origin } from './primitive.js';
import { Synchronizer } from './synchronizer.js';
import { getIdent, onThreadEnd } from './threads/current-ident.js';
import { isAlive } from './threads/liveness.js';
import { currentScope, type Scope } from './waiting/section-scope.js';
import { valueStream } from './waiting/state-stream.js';
import { emit, tracing } from './waiting/trace.js';
import type { Settle, Wait } from './waiting/wait.js';

/** How often the owner holds it beyond the first time. Invariant: 0 while it is unlocked; only the owner writes it. */
const EXTRA = OWN;

/** Those of this thread that a section holds. */
const heldBySections = new Set<RLock>();

/**
 * Mutual exclusion that its owner, a thread, may enter again: it is free once released as often as acquired. Only the
 * owner may release it. What one thread acquires counts as that thread's; but what `withLock` acquired is its section's
 * alone, and the rest of the thread waits for it like strangers.
 *
 * A thread that ends with it, killed or not, makes one acquirer see OwnerDiedError. Source: CPython,
 * `threading.RLock`.
 *
 * @example
 * const lock = new RLock();
 * using outer = lock.holdSync();
 * using inner = lock.holdSync(); // does not wait
 */
export class RLock extends Synchronizer implements Acquirable {
  // VALUE: 0, or the ident of the owner.

  /** The owner of the section that holds it; undefined: the thread as a whole, or it is not this thread's. */
  #holder: object | undefined;
  #locked: Observable<boolean> | undefined;

  constructor(options?: PrimitiveOptions) {
    super(options as Origin | undefined);
  }

  /**
   * Emits true once acquired, at once when the thread owns it, false when `blocking: false` or `timeout` gave up.
   * Unsubscribing before gives the place up; after, the lock must still be released.
   *
   * @throws TypeError, RangeError for bad options
   */
  acquire(options?: AcquireOptions): Wait<boolean> {
    return this.acquireAsWait(options);
  }

  /** Blocks the thread. true once acquired, false when `blocking: false` or `timeout` gave up. */
  acquireSync(options?: AcquireSyncOptions): boolean {
    if (options === undefined && !tracing()) {
      const me = getIdent();
      const word = compareExchange(this.cells, WORD, 0, me);
      if (word === 0) return true;
      if ((word & VALUE) === me && this.#isHolder()) return this.#enterAgain();
    }
    return this.acquireBlocking(options);
  }

  /** @throws ThreadError when the caller is not the owner */
  release(): void {
    const word = load(this.cells, WORD);
    if ((word & VALUE) !== getIdent() || !this.#isHolder()) throw this.#notOwner(word & VALUE);
    this.#releaseFrom(word);
  }

  /** For a section, whatever code its end comes from. @internal */
  releaseSection(): void {
    const word = load(this.cells, WORD);
    if ((word & VALUE) !== getIdent()) throw this.#notOwner(word & VALUE);
    this.#releaseFrom(word);
  }

  #releaseFrom(word: number): void {
    const extra = load(this.cells, EXTRA);
    if (extra > 0) store(this.cells, EXTRA, extra - 1);
    else this.#free(word);
    if (tracing()) emit('release', this.name);
  }

  #notOwner(owner: number): ThreadError {
    const whose = owner === getIdent() ? 'a withLock section of it' : `thread ${owner}`;
    const found = owner === 0 ? 'is not locked' : `is owned by ${whose}`;
    return new ThreadError(`release of ${this.name} by thread ${getIdent()}: it ${found}`, {
      code: 'ERR_NOT_OWNER',
    });
  }

  #free(word: number): void {
    if (this.#holder !== undefined) this.#holdAs(undefined);
    for (let now = word; ; word = now) {
      now = compareExchange(this.cells, WORD, word, word & TURN_ASKED);
      if (now === word) break;
    }
    const flags = word & FLAGS;
    if (flags !== 0) this.wakeFlagged(flags, (flags & TURN_ASKED) !== 0 ? Number.POSITIVE_INFINITY : 1);
    else if (this.queue !== undefined && this.queue.size > 0) this.queue.lookSoon();
  }

  #enterAgain(): true {
    const traced = tracing();
    if (traced) emit('acquire', this.name);
    store(this.cells, EXTRA, load(this.cells, EXTRA) + 1);
    if (traced) emit('acquired', this.name);
    return true;
  }

  locked(): boolean {
    return (load(this.cells, WORD) & VALUE) !== 0;
  }

  /** Whether it is locked, and every change, by any thread; bursts coalesce. Does not keep the process alive. */
  get locked$(): Observable<boolean> {
    this.#locked ??= valueStream(this, () => this.locked());
    return this.#locked;
  }

  /** `ident` of the owner, null while unlocked. */
  override get owner(): number | null {
    return load(this.cells, WORD) & VALUE || null;
  }

  /** Recursion level, whoever owns it; 0 while unlocked. */
  get count(): number {
    return this.locked() ? load(this.cells, EXTRA) + 1 : 0;
  }

  /** @internal */
  isOwned(): boolean {
    return (load(this.cells, WORD) & VALUE) === getIdent() && this.#isHolder();
  }

  /** Whether the caller counts as the holder, while the thread owns it. */
  #isHolder(): boolean {
    return this.#holder === undefined || currentScope()?.countsAs(this.#holder) === true;
  }

  /** Whom it is lent to within the thread. @internal */
  get holder(): object | undefined {
    return this.#holder;
  }

  /** From now on it is that one's; called by who has just acquired it. @internal */
  holdFor(scope: Scope): void {
    if (load(this.cells, EXTRA) === 0) this.#holdAs(scope.owner);
  }

  #holdAs(holder: object | undefined): void {
    this.#holder = holder;
    if (holder === undefined) heldBySections.delete(this);
    else heldBySections.add(this);
  }

  /** The thread that held it has ended: what comes after is another. @internal */
  forgetHolder(): void {
    this.#holder = undefined;
  }

  /** Lets go of it for a wait, however deep; returns how deep. @internal */
  releaseAll(): number {
    const depth = load(this.cells, EXTRA) + 1;
    store(this.cells, EXTRA, 0);
    this.release();
    return depth;
  }

  /** As deep again as before a wait; called by the owner, which may be in it by another Observable. @internal */
  restore(depth: number, holder: object | undefined, helds: HeldGroup): void {
    const extra = load(this.cells, EXTRA);
    if (extra === 0) {
      this.#holdAs(holder);
      helds.putBack();
      this.helds = helds;
    } else helds.putBack(this.helds);
    store(this.cells, EXTRA, extra + depth - 1);
  }

  /** @internal */
  override begin(
    timeout: number,
    signal: AbortSignal | undefined,
    settle: Settle<boolean>,
  ): Unsubscribable | undefined {
    if (!this.isOwned() || signal?.aborted) return super.begin(timeout, signal, settle);
    settle.resolve(this.#enterAgain());
    return undefined;
  }

  /** @internal */
  override takeBlocking(timeout: number, cancellable: boolean): boolean {
    return this.isOwned() ? this.#enterAgain() : super.takeBlocking(timeout, cancellable);
  }

  protected valueAfterTake(value: number): number {
    return value === 0 ? getIdent() : -1;
  }

  protected override checkOwner(): void {
    for (;;) {
      const word = load(this.cells, WORD);
      const owner = word & VALUE;
      if (owner === 0 || isAlive(owner)) return;
      // Only one can take it over from the dead; that one is told, and lets it go.
      const mine = (word & FLAGS) | getIdent() | SLEEPERS;
      if (compareExchange(this.cells, WORD, word, mine) !== word) continue;
      store(this.cells, EXTRA, 0);
      this.#free(mine);
      throw new OwnerDiedError(
        `thread ${owner} ended holding ${this.name}; what it guards may be half changed`,
        { owner },
      );
    }
  }

  override toString(): string {
    const state = this.locked() ? 'locked' : 'unlocked';
    return `<${state} RLock object '${this.name}' owner=${this.owner ?? 0} count=${this.count} at #${this.id}>`;
  }
}

onThreadEnd(() => {
  for (const lock of heldBySections) lock.forgetHolder();
  heldBySections.clear();
});
