import { SLEEPERS, WORD } from './memory/layout.js';
import { type Cells, or } from './memory/word.js';
import { type BlockingAttempt, type Outcome, PENDING, YIELD_MS, YIELDED } from './waiting/attempt.js';
import { now } from './waiting/event-loop.js';

/** ms after which a waiter that is overtaken again and again asks for its turn. */
const TURN_AFTER = 10;

/** What a wait to acquire needs of a Synchronizer. */
export interface Takeable {
  readonly cells: Cells;
  readonly owner: number | null;
  /** Who has it takes it again at once. */
  readonly reentrant: boolean;
  /** The first look of an Observable wait. */
  takeFirst(ahead: number, mayBarge: boolean): boolean;
  /** Takes it if it is free; YIELDED when another was promised the turn, unless it may barge. */
  tryTake(mayBarge: boolean): Outcome<true>;
  /** Asks not to be overtaken any more. */
  requestTurn(): void;
  /** Ends what a dead owner holds. @throws OwnerDiedError */
  checkOwner(): void;
}

/** Waiting to take a Synchronizer. Of a queue's waits only the first tries, so all of them share one. */
export class AcquireAttempt implements BlockingAttempt<boolean> {
  readonly acquires = true;
  readonly inTurn = true;
  readonly scoped: boolean;
  readonly #of: Takeable;
  /** When this was first in vain, since it last succeeded. */
  #since = 0;
  /** Until when it yields to the thread whose turn it is; 0: it does not. */
  #yieldsUntil = 0;

  constructor(of: Takeable) {
    this.#of = of;
    this.scoped = of.reentrant;
  }

  get cells(): Cells {
    return this.#of.cells;
  }

  get cell(): number {
    return WORD;
  }

  mark(): number {
    return or(this.#of.cells, WORD, SLEEPERS) | SLEEPERS;
  }

  begin(ahead: number, timeout: number): Outcome<boolean> {
    // One that will not wait goes before those that do.
    return this.#of.takeFirst(timeout === 0 ? 0 : ahead, timeout === 0) || PENDING;
  }

  poll(): Outcome<boolean> {
    let outcome = this.#of.tryTake(false);
    if (outcome === YIELDED) outcome = this.#bargeIfIgnored();
    else this.#yieldsUntil = 0;
    if (outcome === true) this.#since = 0;
    if (outcome !== PENDING) return outcome;
    this.#of.checkOwner();
    const time = now();
    if (this.#since === 0) this.#since = time;
    else if (time - this.#since >= TURN_AFTER) this.#of.requestTurn();
    return PENDING;
  }

  /** It is free, but another's turn: goes first all the same when that one lets it lie. */
  #bargeIfIgnored(): Outcome<true> {
    const time = now();
    if (this.#yieldsUntil === 0) this.#yieldsUntil = time + YIELD_MS;
    return time >= this.#yieldsUntil ? this.#of.tryTake(true) : YIELDED;
  }

  /** Takes what is free by now: the event loop that hears of a release may have been blocked until then. */
  expire(isFirst: boolean): boolean {
    const taken = isFirst && this.#of.tryTake(false) === true;
    if (taken) this.#since = 0;
    return taken;
  }

  leave(): void {}

  owner(): number | null {
    return this.#of.owner;
  }
}
