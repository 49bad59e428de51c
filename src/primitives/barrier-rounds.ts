import { BrokenBarrierError } from '../errors.js';
import { AGENTS, FLAGS, SLEEPERS, VALUE, WATCHED, WORD } from './memory/layout.js';
import { and, type Cells, compareExchange, load, or, store } from './memory/word.js';
import { getIdent } from './threads/current-ident.js';
import { isAlive } from './threads/liveness.js';
import { type BlockingAttempt, type Outcome, PENDING } from './waiting/attempt.js';
import { AFTER_SLOTS, COUNT, DONE, Slots, WAITING } from './waiting/waiter-list.js';

export const PARTIES: number = AFTER_SLOTS;
/** Who has come, dead ones that nobody has noticed yet included. */
export const ARRIVED: number = COUNT;
/** `ident` of the thread that runs the action. */
const ACTOR = AFTER_SLOTS + 1;
/** The outcome that all who wait are being told; 0: none. Whoever dies while telling is followed by another, who goes on. */
const TELLING = AFTER_SLOTS + 2;

// VALUE, changed in the slots' section alone.
// FILLING -the last party, when there is an action-> ACTING -the same, having run it-> FILLING
// FILLING, ACTING -abort, a timeout, a failed action, a dead actor-> BROKEN -reset-> FILLING
// Invariant: while FILLING, fewer than PARTIES wait; while ACTING, nobody joins; while BROKEN, nobody waits.
// A party that comes while ACTING is late: it has no slot yet, sleeps on WORD (SLEEPERS, AGENTS), and arrives in the next
// round once VALUE changes. Late parties of one thread arrive in the order they came.
const FILLING = 0;
const ACTING = 1;
export const BROKEN = 2;

// A slot's outcome.
const REFUSED = DONE;
/** Let through; the index is what it exceeds this by. */
const PASSED = DONE + 1;

/** What the rounds need of their Barrier. */
export interface Meeting {
  readonly name: string;
  readonly cells: Cells;
  /** undefined: there is none. */
  readonly action: unknown;
  runAction(): void;
  wakeFlagged(flags: number, sleepers: number): void;
}

/** The rounds of a Barrier, as all threads share them: who has come, who runs the action, and who is told what. */
export class BarrierRounds {
  readonly slots: Slots;
  /** Late parties among this thread's Observable waits, in the order they came. */
  readonly late: Set<BarrierAttempt> = new Set();
  /** Flags of those who are concerned by what `#change` has changed so far. */
  #concerned = 0;
  readonly #of: Meeting;
  readonly #cells: Cells;

  /** @param slots - of a Barrier that was made before */
  constructor(of: Meeting, slots: Cells | undefined) {
    this.#of = of;
    this.#cells = of.cells;
    const recover = (): void => this.#goOnTelling();
    this.slots = slots === undefined ? Slots.fresh(of.cells, recover) : new Slots(of.cells, slots, recover);
  }

  get parties(): number {
    return load(this.#cells, PARTIES);
  }

  /** Once, as the Barrier is made. */
  set parties(parties: number) {
    store(this.#cells, PARTIES, parties);
  }

  get broken(): boolean {
    return this.#state === BROKEN;
  }

  reset(): void {
    this.#change(() => {
      this.#setState(FILLING);
      this.#tellAll(REFUSED);
    });
  }

  abort(): void {
    this.#change(() => this.#break());
  }

  /** The next party: its slot to wait in, 0 to come again later, or -1 when it was the last. */
  arrive(): number {
    return this.#change(() => {
      const state = this.#state;
      if (state === BROKEN) throw this.#refused('is broken');
      if (state === ACTING) return this.#actorLives() ? 0 : this.#breakAndRefuse();
      if (!this.#othersAreHere()) return this.#append();
      if (this.#of.action === undefined) this.#tellAll(PASSED);
      else {
        store(this.#cells, ACTOR, getIdent());
        this.#setState(ACTING);
      }
      return -1;
    });
  }

  /** What the last party does: runs the action, and lets all through. */
  act(): number {
    if (this.#of.action !== undefined) {
      try {
        this.#of.runAction();
      } catch (error) {
        this.#change(() => this.#isActor() && this.#break());
        throw error;
      }
      this.#change(() => {
        if (!this.#isActor()) throw this.#refused('was broken during its action');
        this.#tellAll(PASSED);
      });
    }
    return this.parties - 1;
  }

  /** What a slot has come to. */
  outcome(slot: number): Outcome<number> {
    const state = this.slots.state(slot);
    if (state === WAITING) {
      if (this.slots.sweep((dead) => this.#drop(dead))) this.#afterSweep();
      return PENDING;
    }
    this.#change(() => this.slots.free(slot));
    if (state === REFUSED) throw this.#refused('was broken or reset');
    return state - PASSED;
  }

  /** A party whose time is up breaks the barrier, unless all have arrived. */
  expire(slot: number): Outcome<number> {
    this.#change(() => {
      if (this.slots.state(slot) === WAITING && this.#state === FILLING) this.#break();
    });
    return this.outcome(slot);
  }

  /** The same of a late party that blocks in the very action it would wait for, which cannot end before. */
  expireInAction(): void {
    this.#change(() => this.#isActor() && this.#break());
  }

  withdraw(slot: number): void {
    this.#change(() => this.#drop(slot));
  }

  /** Of a party that does not come after all. */
  #drop(slot: number): void {
    this.slots.free(slot);
    this.#concerned |= WATCHED;
  }

  #refused(why: string): BrokenBarrierError {
    return new BrokenBarrierError(`${this.#of.name} ${why}`);
  }

  /** In the section, then wakes those who are concerned: nobody when nothing changed, or a waiter would wake itself. */
  #change<T>(change: () => T): T {
    try {
      return this.slots.inside(change);
    } finally {
      const flags = this.#concerned;
      this.#concerned = 0;
      if (flags !== 0) this.#of.wakeFlagged(and(this.#cells, WORD, ~flags) & flags, Number.POSITIVE_INFINITY);
    }
  }

  #append(): number {
    this.#concerned |= WATCHED;
    return this.slots.append();
  }

  get #state(): number {
    return load(this.#cells, WORD) & VALUE;
  }

  /** Late parties sleep until this changes. */
  #setState(state: number): void {
    this.#concerned |= FLAGS;
    for (;;) {
      const word = load(this.#cells, WORD);
      if (compareExchange(this.#cells, WORD, word, (word & FLAGS) | state) === word) return;
    }
  }

  #othersAreHere(): boolean {
    const others = this.parties - 1;
    return this.slots.count >= others && this.slots.dropDead() >= others;
  }

  #isActor(): boolean {
    return this.#state === ACTING && load(this.#cells, ACTOR) === getIdent();
  }

  #actorLives(): boolean {
    return isAlive(load(this.#cells, ACTOR));
  }

  /** The dead were withdrawn; the thread that ran the action may be one of them. */
  #afterSweep(): void {
    this.#change(() => {
      if (this.#state === ACTING && !this.#actorLives()) this.#break();
    });
  }

  #break(): void {
    this.#setState(BROKEN);
    this.#tellAll(REFUSED);
  }

  #breakAndRefuse(): never {
    this.#break();
    throw this.#refused('is broken: the thread that ran its action died');
  }

  #tellAll(outcome: typeof REFUSED | typeof PASSED): void {
    store(this.#cells, TELLING, outcome);
    this.#goOnTelling();
  }

  #goOnTelling(): void {
    const outcome = this.#state === BROKEN ? REFUSED : load(this.#cells, TELLING);
    if (outcome === 0) return;
    // All others of the parties wait: those told by one who died at it have the first indices.
    let index = this.parties - 1 - this.slots.count;
    for (let slot = this.slots.first(); slot !== 0; slot = this.slots.first()) {
      this.slots.settle(slot, outcome === REFUSED ? REFUSED : PASSED + index++);
      this.#concerned |= AGENTS | WATCHED;
    }
    // Only now is the action's round over: who dies before leaves it to whoever goes on here, not to another action.
    if (this.#state === ACTING) this.#setState(FILLING);
    store(this.#cells, TELLING, 0);
  }
}

/** One party's wait: to arrive, as soon as no action runs, then in its slot. */
export class BarrierAttempt implements BlockingAttempt<number> {
  readonly acquires = false;
  /** The round of a party may be over while an earlier one of its thread waits for the next. */
  readonly inTurn = false;
  readonly #rounds: BarrierRounds;
  readonly #cells: Cells;
  /** Whether it is an Observable wait: a blocked thread cannot wait for those of its queue. */
  readonly #queues: boolean;
  /** 0 until it has arrived. */
  #slot = 0;
  /** It was the last, and runs the action, whose code may have it looked at again. */
  #acts = false;

  constructor(rounds: BarrierRounds, cells: Cells, queues: boolean) {
    this.#rounds = rounds;
    this.#cells = cells;
    this.#queues = queues;
  }

  get cells(): Cells {
    return this.#slot === 0 ? this.#cells : this.#rounds.slots.table;
  }

  get cell(): number {
    return this.#slot === 0 ? WORD : this.#rounds.slots.stateIndex(this.#slot);
  }

  mark(): number {
    return this.#slot === 0 ? or(this.#cells, WORD, SLEEPERS) | SLEEPERS : WAITING;
  }

  begin(): Outcome<number> {
    return this.poll();
  }

  poll(): Outcome<number> {
    return this.#slot === 0 ? this.#arrive() : this.#rounds.outcome(this.#slot);
  }

  #arrive(): Outcome<number> {
    if (this.#acts) return PENDING;
    const { late } = this.#rounds;
    if (this.#queues) {
      const [first] = late;
      // In the order they came: late itself, until the one that came before has arrived.
      late.add(this);
      if (first !== undefined && first !== this) return PENDING;
    }
    let slot: number;
    try {
      slot = this.#rounds.arrive();
    } catch (error) {
      late.delete(this);
      throw error;
    }
    if (slot !== 0) late.delete(this);
    if (slot === -1) {
      this.#acts = true;
      return this.#rounds.act();
    }
    this.#slot = slot;
    return PENDING;
  }

  /** Who is late waits on until the action is over, as in CPython, and looks whether its thread lives; unless that is the action. */
  expire(): Outcome<number> {
    if (this.#slot !== 0) return this.#rounds.expire(this.#slot);
    if (!this.#queues) this.#rounds.expireInAction();
    return this.#arrive();
  }

  leave(): void {
    if (this.#slot === 0) this.#rounds.late.delete(this);
    else this.#rounds.withdraw(this.#slot);
  }

  owner(): null {
    return null;
  }
}
