import type { Observable } from 'rxjs';
import { OwnerDiedError } from '../errors.js';
import type { Acquirable } from './acquirable.js';
import { VALUE, WORD } from './memory/layout.js';
import { load } from './memory/word.js';
import type { AcquireOptions, AcquireSyncOptions, PrimitiveOptions } from './options.js';
import type { Origin } from './primitive.js';
import { Synchronizer } from './synchronizer.js';
import { contended, ownerDied } from './threads/contention.js';
import { getIdent } from './threads/current-ident.js';
import { ownerDeaths } from './waiting/channels.js';
import { valueStream } from './waiting/state-stream.js';
import type { Wait } from './waiting/wait.js';

/**
 * What Lock and RLock have in common: one thread at a time has it.
 *
 * VALUE: 0 -take, any thread-> its ident -release-> 0;  the ident of a lost owner -any thread that waits or tries-> 0.
 */
export abstract class OwnedLock extends Synchronizer implements Acquirable {
  #locked: Observable<boolean> | undefined;

  constructor(options?: PrimitiveOptions) {
    super(options as Origin | undefined);
  }

  /**
   * Emits true once acquired, false when `blocking: false` or `timeout` (ms) gave up; an RLock that the thread owns is
   * acquired at once. Unsubscribing before gives the place up; after, the lock must still be released.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: OwnerDiedError, the reason of `signal`
   */
  acquire(options?: AcquireOptions): Wait<boolean> {
    return this.acquireAsWait(options);
  }

  /**
   * Blocks the thread. true once acquired, false when `blocking: false` or `timeout` (ms) gave up.
   *
   * @throws TypeError, RangeError for bad options; OwnerDiedError; the reason when the thread is cancelled
   */
  abstract acquireSync(options?: AcquireSyncOptions): boolean;

  /** Whether any thread has it, at this moment. */
  locked(): boolean {
    return (load(this.cells, WORD) & VALUE) !== 0;
  }

  /**
   * Whether it is locked, and every change, by any thread; bursts coalesce. Never completes. Unsubscribing ends only the
   * watching. Does not keep the process alive.
   */
  get locked$(): Observable<boolean> {
    this.#locked ??= valueStream(this, () => this.locked());
    return this.#locked;
  }

  /** `ident` of the thread that acquired it, null while unlocked. */
  override get owner(): number | null {
    return load(this.cells, WORD) & VALUE || null;
  }

  /** @internal */
  protected valueAfterTake(value: number): number {
    return value === 0 ? getIdent() : -1;
  }

  /** How an owner counts as lost, for the error; undefined: it does not. @internal */
  protected abstract lossOf(owner: number): string | undefined;

  /** Frees it from a lost owner. false: WORD is not `word` any more, maybe because another thread was first. @internal */
  protected abstract freeFromLost(word: number): boolean;

  /** @internal */
  override checkOwner(): void {
    for (;;) {
      const word = load(this.cells, WORD);
      const owner = word & VALUE;
      const loss = owner === 0 ? undefined : this.lossOf(owner);
      if (loss === undefined) return;
      // Only one thread can; that thread is told.
      if (!this.freeFromLost(word)) continue;
      ownerDied(contended(this));
      if (ownerDeaths.hasSubscribers)
        ownerDeaths.publish({ kind: this.primitiveKind, name: this.name, id: this.id, owner });
      throw new OwnerDiedError(
        `thread ${owner} ${loss} holding ${this.name}; what it guards may be half changed`,
        { owner },
      );
    }
  }
}
