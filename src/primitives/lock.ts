import type { Observable } from 'rxjs';
import { OwnerDiedError, ThreadError } from '../errors.js';
import type { Acquirable } from './acquirable.js';
import type { HeldGroup } from './held.js';
import { FLAGS, SLEEPERS, TURN_ASKED, VALUE, WORD } from './memory/layout.js';
import { compareExchange, load } from './memory/word.js';
import type { AcquireOptions, AcquireSyncOptions, PrimitiveOptions } from './options.js';
import type { Origin } from './primitive.js';
import { Synchronizer } from './synchronizer.js';
import { getIdent } from './threads/current-ident.js';
import { hasDied } from './threads/liveness.js';
import { valueStream } from './waiting/state-stream.js';
import { emit, tracing } from './waiting/trace.js';
import type { Wait } from './waiting/wait.js';

/**
 * Mutual exclusion between threads. Not owned: any thread may release it, and acquiring it again in the same thread
 * waits. Waiters of one thread are served in the order they came.
 *
 * A thread that is killed with it makes one acquirer see OwnerDiedError; a thread whose target has ended leaves it
 * locked. Source: CPython, `threading.Lock`.
 *
 * @example
 * const lock = new Lock();
 * if (await lock.acquire({ timeout: 100 })) {
 *   try { update(); } finally { lock.release(); }
 * }
 */
export class Lock extends Synchronizer implements Acquirable {
  // VALUE: 0, or the ident of the thread that took it.

  #locked: Observable<boolean> | undefined;

  constructor(options?: PrimitiveOptions) {
    super(options as Origin | undefined);
  }

  /**
   * Emits true once acquired, false when `blocking: false` or `timeout` gave up. Unsubscribing before gives the place
   * up; after, the lock must still be released.
   *
   * @throws TypeError, RangeError for bad options
   */
  acquire(options?: AcquireOptions): Wait<boolean> {
    return this.acquireAsWait(options);
  }

  /** Blocks the thread. true once acquired, false when `blocking: false` or `timeout` gave up. */
  acquireSync(options?: AcquireSyncOptions): boolean {
    if (options === undefined && !tracing() && this.takeFree()) return true;
    return this.acquireBlocking(options);
  }

  /** Any thread may. @throws ThreadError when unlocked */
  release(): void {
    const me = getIdent();
    const free = !tracing() && compareExchange(this.cells, WORD, me, 0) === me;
    if (!free) this.#releaseFrom(load(this.cells, WORD));
    else if (this.queue !== undefined && this.queue.size > 0) this.queue.lookSoon();
  }

  #releaseFrom(word: number): void {
    for (let seen = word; ; ) {
      if ((seen & VALUE) === 0)
        throw new ThreadError(`release of ${this.name}, which is not locked`, { code: 'ERR_NOT_LOCKED' });
      const now = compareExchange(this.cells, WORD, seen, seen & TURN_ASKED);
      if (now === seen) break;
      seen = now;
      word = now;
    }
    if (tracing()) emit('release', this.name);
    this.wakeFlagged(word & FLAGS, (word & TURN_ASKED) !== 0 ? Number.POSITIVE_INFINITY : 1);
  }

  locked(): boolean {
    return (load(this.cells, WORD) & VALUE) !== 0;
  }

  /** Whether it is locked, and every change, by any thread; bursts coalesce. Does not keep the process alive. */
  get locked$(): Observable<boolean> {
    this.#locked ??= valueStream(this, () => this.locked());
    return this.#locked;
  }

  /** `ident` of the thread that acquired it last, null while unlocked. */
  override get owner(): number | null {
    return load(this.cells, WORD) & VALUE || null;
  }

  /** Whether the caller may wait on a Condition over it: for a Lock, whether anybody holds it. @internal */
  isOwned(): boolean {
    return this.locked();
  }

  /** A Lock is nobody's. @internal */
  get holder(): undefined {
    return undefined;
  }

  /** Lets go of it for a wait. @internal */
  releaseAll(): number {
    this.release();
    return 1;
  }

  /** Held again as before a wait. @internal */
  restore(_depth: number, _holder: undefined, helds: HeldGroup): void {
    helds.putBack();
    this.helds = helds;
  }

  protected override takeFree(): boolean {
    return compareExchange(this.cells, WORD, 0, getIdent()) === 0;
  }

  protected valueAfterTake(value: number): number {
    return value === 0 ? getIdent() : -1;
  }

  protected override checkOwner(): void {
    for (;;) {
      const word = load(this.cells, WORD);
      const owner = word & VALUE;
      if (owner === 0 || !hasDied(owner)) return;
      // Only one can take it over from the dead; that one is told, and lets it go.
      if (compareExchange(this.cells, WORD, word, (word & FLAGS) | getIdent() | SLEEPERS) !== word) continue;
      this.#releaseFrom(load(this.cells, WORD));
      throw new OwnerDiedError(
        `thread ${owner} died holding ${this.name}; what it guards may be half changed`,
        { owner },
      );
    }
  }

  override toString(): string {
    return `<${this.locked() ? 'locked' : 'unlocked'} Lock object '${this.name}' at #${this.id}>`;
  }
}
