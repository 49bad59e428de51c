import { after, keepAlive, now } from '../primitives/waiting/event-loop.js';
import { LockLostError, type LostReason } from './errors.js';
import type { ToKeeper, ToldHold } from './keeper-messages.js';
import { replyOf, type Waiting } from './remote-wait.js';

/** What is held, as the session sees it. */
export interface HeldHere {
  readonly number: string;
  readonly key: string;
  readonly token: bigint;
  readonly permits: number;
  readonly confirmed: boolean;
  /** Whether `acquire` has taken it, so that nobody has a Held of it. */
  readonly bare: boolean;
  confirm(epoch: number): void;
  release(): Promise<void>;
  lose(reason: LostReason): void;
}

/** ms that something waits before the keeper looks at the processes of this machine: most waits are over sooner. */
const IMPATIENT = 20;

/**
 * What a session holds and waits for, by the numbers that it gave them, and what its keeper has been told of that.
 * Invariant: what is held keeps the process alive; the keeper knows all that was held a sixth of a lease ago.
 */
export class Belongings {
  readonly #lease: number;
  readonly #post: (message: ToKeeper) => void;
  readonly #waits = new Map<string, Waiting>();
  readonly #holds = new Map<string, HeldHere>();
  #tellsHolds = false;
  #waitingTold = false;

  constructor(lease: number, post: (message: ToKeeper) => void) {
    this.#lease = lease;
    this.#post = post;
  }

  get size(): number {
    return this.#waits.size + this.#holds.size;
  }

  has(number: string): boolean {
    return this.#waits.has(number) || this.#holds.has(number);
  }

  hold(number: string): HeldHere | undefined {
    return this.#holds.get(number);
  }

  /** What is held of that thing, if anything: first what nobody has a Held of, as others give back their own. */
  holdOf(key: string): HeldHere | undefined {
    let found: HeldHere | undefined;
    for (const held of this.#holds.values()) {
      if (held.key !== key) continue;
      if (held.bare) return held;
      found ??= held;
    }
    return found;
  }

  addWait(wait: Waiting): void {
    this.#waits.set(wait.number, wait);
    if (!this.#waitingTold && this.#waits.size === 1) after(IMPATIENT, () => this.#tellWaiting());
  }

  removeWait(wait: Waiting): void {
    this.#waits.delete(wait.number);
  }

  #tellWaiting(): void {
    const waiting = this.#waits.size > 0;
    if (waiting === this.#waitingTold) return;
    this.#waitingTold = waiting;
    this.#post({ kind: 'waiting', waiting });
  }

  addHold(held: HeldHere): void {
    keepAlive(1);
    this.#holds.set(held.number, held);
    this.#tellHoldsSoon();
    if (!held.confirmed) this.tellHolds(true);
  }

  removeHold(held: HeldHere): void {
    if (!this.#holds.delete(held.number)) return;
    keepAlive(-1);
    this.#tellHoldsSoon();
  }

  /** The keeper hears of it a while later; until then `confirmed` sees to it that nobody relies on a hold after a restart. */
  #tellHoldsSoon(): void {
    if (this.#tellsHolds) return;
    this.#tellsHolds = true;
    after(this.#lease / 6, () => {
      if (this.#tellsHolds) this.tellHolds(false);
    });
  }

  /** @param now - the engine is to hear of it as well */
  tellHolds(now: boolean): void {
    this.#tellsHolds = false;
    const holds = [...this.#holds.values()].map(
      ({ key, number, token, permits }): ToldHold => [key, number, `${token}`, `${permits}`],
    );
    this.#post({ kind: 'holds', holds, now });
  }

  /** Called when the incarnation of that epoch has these, and maybe not what is younger. */
  confirm(told: readonly string[], epoch: number): void {
    for (const number of told) this.#holds.get(number)?.confirm(epoch);
    if ([...this.#holds.values()].some((held) => !held.confirmed)) this.tellHolds(true);
  }

  /** Waits that have not asked for `age` ms ask again. */
  askAgain(age: number): void {
    this.#tellWaiting();
    const before = now() - age;
    for (const wait of [...this.#waits.values()]) if (wait.askedAt <= before) wait.ask();
  }

  /** false: the hint is for no wait. */
  told(hint: string): boolean {
    const [kind = '', number = '', ...words] = hint.split(' ');
    const reply = replyOf(kind, words);
    if (reply !== undefined) this.#waits.get(number)?.told(reply);
    return reply !== undefined;
  }

  failWaits(error: unknown): void {
    for (const wait of [...this.#waits.values()]) wait.fail(error);
  }

  /** What is held first, so that sections are torn down before those that wait are told. */
  lose(reason: LostReason): void {
    // Those that are begun meanwhile belong to another session.
    const waits = [...this.#waits.values()];
    this.#waitingTold = false;
    for (const held of [...this.#holds.values()]) held.lose(reason);
    const error = new LockLostError(reason === 'closed' ? 'closed' : 'the session is over', { reason });
    for (const wait of waits) wait.fail(error);
  }
}
