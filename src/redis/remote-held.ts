import { Observable } from 'rxjs';
import type { Owner } from '../errors.js';
import { Held } from '../primitives/held.js';
import { tellFarHold } from '../primitives/waiting/channels.js';
import { apart } from '../primitives/waiting/unheard.js';
import { endsApart } from './ends-apart.js';
import { LockLostError, type LostReason } from './errors.js';
import type { Session } from './session.js';
import { STAYS_HERE } from './stays-here.js';

/** What a RemoteHeld is made of. */
export interface HeldOptions {
  /** The thing: kind and name. */
  readonly key: string;
  /** Of the wait that got it. */
  readonly number: string;
  readonly token: bigint;
  /** The engine's incarnation that granted it. */
  readonly run: string;
  /** Of the thing; default 1. */
  readonly permits?: number;
  readonly abandoned?: Owner | undefined;
  /** Of an RLock: what the engine knows, of which this is one level. */
  readonly of?: RemoteHeld;
  /** Gives the level back. */
  readonly leave?: () => Promise<void>;
}

/**
 * A leased lock or permit. Released by `release`, by `using`, which sends it, or by `await using`, which waits for the
 * answer as well.
 *
 * A lease can end while you believe in it: only a resource that refuses older tokens makes that harmless. Say
 * `fence.sql(tx, held)` in the transaction that writes, or `fence.redis(client, held, key)` in place of the command that does.
 *
 * @example
 * const machines = new Machines({ connection: 'memory', namespace: 'shop' });
 * const held = await machines.lock('accounts').hold();
 * console.log(held.valid, held.released); // prints true false
 * await held.release();
 * await machines.close();
 */
export class RemoteHeld extends Held {
  /** See uncloneable.ts. @internal */
  override readonly uncloneable: symbol = STAYS_HERE;
  /** Above that of every earlier hold of the namespace. Fits a Postgres bigint and a JavaScript number. */
  readonly token: bigint;
  /** Of `onOwnerDied: 'grant'`: the owner before, who died with it. */
  readonly abandoned: Owner | undefined;
  /** Of the lock or semaphore. */
  readonly name: string;
  /** @internal */
  readonly key: string;
  /** @internal */
  readonly number: string;
  /** @internal */
  readonly permits: number;
  /** `acquire` has taken it, and hands it out to nobody. @internal */
  bare = false;
  readonly #of: RemoteHeld | undefined;
  readonly #leave: (() => Promise<void>) | undefined;
  readonly #run: string;
  readonly #session: Session;
  readonly #validity: Session['validity'];
  /** That of the incarnation which is known to have it. */
  #epoch: number;
  #lost: LockLostError | undefined;
  #abort: AbortController | undefined;
  #told: Set<(error: LockLostError) => void> | undefined;
  #release: Promise<void> | undefined;
  readonly #tellEnd: ReturnType<typeof tellFarHold>;

  /** @internal */
  constructor(session: Session, options: HeldOptions) {
    const { key, number, token, run, permits = 1, abandoned, of, leave } = options;
    super({ release: () => {} });
    this.#of = of;
    this.#leave = leave;
    this.#run = run;
    this.#session = session;
    this.#validity = session.validity;
    this.#epoch = session.epochOf(run);
    this.name = key.slice(2);
    this.key = key;
    this.number = number;
    this.token = token;
    this.permits = permits;
    this.abandoned = abandoned;
    if (of === undefined) {
      session.has.addHold(this);
      if (key.startsWith('l:')) this.#tellEnd = tellFarHold('RemoteLock', this.name);
    } else of.onLost(({ reason }) => this.lose(reason));
  }

  /** One level of an RLock, which `leave` gives back. @internal */
  level(leave: () => Promise<void>): RemoteHeld {
    const { key, number, token, permits, abandoned } = this;
    const run = this.#run;
    return new RemoteHeld(this.#session, { key, number, token, run, permits, abandoned, of: this, leave });
  }

  /** Whether it is this process's as far as this process knows. @internal */
  get inHand(): boolean {
    return !this.released && this.#lost === undefined;
  }

  /** A condition's wait lets it go, all levels of it; false: it is not held, or by another Machines. @internal */
  letGo(session: Session): boolean {
    if (session !== this.#session || !this.inHand) return false;
    super.release();
    this.#release = Promise.resolve();
    for (const completed of this.#over) completed();
    if (this.#of === undefined) this.#forget();
    else this.#of.letGo(session);
    return true;
  }

  /** Ours at this instant for certain. Look at it just before what must not be done by two. Not a promise for what comes after. */
  get valid(): boolean {
    const validity = this.#validity;
    if (this.#of !== undefined) return !this.released && this.#of.valid;
    return !this.released && this.#lost === undefined && this.#epoch === validity.epoch && validity.valid;
  }

  /** Looks whether it is `valid`, and goes on if so. @throws LockLostError unless `valid` */
  check(): void {
    if (this.valid) return;
    const why = this.released ? 'has been released' : 'may be held by another by now';
    throw this.#lost ?? new LockLostError(`${this.name} ${why}`, { token: this.token });
  }

  /**
   * Aborts with the LockLostError, before another can have it as long as clocks run evenly: 10 % of the lease are kept in
   * reserve. For fetch and the like.
   */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#lost !== undefined) this.#abort.abort(this.#lost);
    return this.#abort.signal;
  }

  /** Emits the LockLostError and completes; completes without one when released. Unsubscribing ends only the watching. */
  get lost$(): Observable<LockLostError> {
    const lost = new Observable<LockLostError>((subscriber) => {
      if (this.released && this.#lost === undefined) {
        subscriber.complete();
        return undefined;
      }
      const deaf = this.onLost((error) => {
        subscriber.next(error);
        subscriber.complete();
      });
      const completed = () => subscriber.complete();
      this.#over.add(completed);
      return () => {
        deaf();
        this.#over.delete(completed);
      };
    });
    return endsApart(lost);
  }

  readonly #over = new Set<() => void>();

  /** Calls it, once, when it is lost, at once if it is. Returns how to call that off. For operators such as `withLock`. */
  onLost(told: (error: LockLostError) => void): () => void {
    if (this.#lost !== undefined) {
      told(this.#lost);
      return () => {};
    }
    this.#told ??= new Set();
    this.#told.add(told);
    return () => this.#told?.delete(told);
  }

  /** Gives it back; resolves with the engine's answer. Nothing the second time, or when it was lost. */
  override release(): Promise<void> {
    if (this.#release !== undefined) return this.#release;
    super.release();
    for (const completed of this.#over) completed();
    if (this.#of === undefined) this.#forget();
    this.#release =
      this.#lost !== undefined
        ? Promise.resolve()
        : (this.#leave?.() ?? this.#session.report(this.#session.call('release', this.number, this.key)));
    return this.#release;
  }

  /** As `release`; called by `using`. */
  override [Symbol.dispose](): void {
    this.release();
  }

  /** As `release`, and waits for the answer; called by `await using`. */
  override [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  #forget(): void {
    this.#session.has.removeHold(this);
    // It may be lost first, and released then.
    if (!(this.released && this.#lost !== undefined)) this.#tellEnd?.();
  }

  /** Whether the engine, as it is now, is known to have it. @internal */
  get confirmed(): boolean {
    return this.#epoch === this.#validity.epoch;
  }

  /** Called when the engine of that epoch has it. @internal */
  confirm(epoch: number): void {
    this.#epoch = epoch;
  }

  /** Called when it is not this process's any more. @internal */
  lose(reason: LostReason): void {
    if (this.released || this.#lost !== undefined) return;
    const why = { expired: 'its lease is over', forgotten: 'the engine has lost it', closed: 'closed' }[
      reason
    ];
    const error = new LockLostError(`${this.name} is lost: ${why}`, { token: this.token, reason });
    this.#lost = error;
    if (this.#of === undefined) this.#forget();
    this.#abort?.abort(error);
    const told = this.#told;
    this.#told = undefined;
    for (const tell of told ?? []) apart(() => tell(error));
  }
}
