import { OWN, SLOTTED_WORDS } from '../memory/layout.js';
import { add, type Cells, load, store, wake } from '../memory/word.js';
import { getIdent } from '../threads/current-ident.js';
import { isAlive } from '../threads/liveness.js';
import { clock } from '../threads/table.js';
import { enter, leave } from './critical-section.js';
import { RECHECK_MS } from './event-loop.js';
import { currentArena, MOST_SLOTS, SLOT_WORDS, takeCells } from './slot-arena.js';

// In the primitive's own cells. Slots are numbered from 1; 0 is none.
const SECTION = OWN;
const NEXT_ORDER = OWN + 1;
const HEAD = OWN + 2;
const TAIL = OWN + 3;
export const COUNT: number = OWN + 4;
const UNUSED = OWN + 5;
const HIGH = OWN + 6;
const SWEPT = OWN + 7;
/** From here on the primitive has its own again. */
export const AFTER_SLOTS: number = OWN + 8;
/**
 * Where the slots are in the arena, in ranges that are taken as they are needed: of FIRST_SLOTS, again of FIRST_SLOTS,
 * then each as many as all before. 0: not taken yet.
 */
const RANGES = SLOTTED_WORDS - 24;

// A slot.
export const STATE = 0;
const IDENT = 1;
const ORDER = 2;
const NEXT = 3;
const PREVIOUS = 4;
export const EMPTY = 0;
export const WAITING = 1;
/** The first of the states that mean an outcome; the primitive says which. */
export const DONE = 2;

const FIRST_SLOTS = 8;

/** Told of the slot of a dead thread, and its state: frees it, and makes up for an outcome that the thread did not read. Inside. */
export type Lost = (slot: number, state: number) => void;

/**
 * The waiters of all threads, longest first, each with a slot of its own in shared memory. Everything but reading the
 * state of a slot happens in a critical section.
 *
 * A slot's STATE: EMPTY -append, the waiter-> WAITING -settle, whoever decides-> DONE.. -free, the waiter-> EMPTY;
 * WAITING -free, the waiter, or sweep when it is dead-> EMPTY.
 * Invariant: STATE, IDENT and ORDER are the truth, STATE written last when a slot is filled and first when it is given
 * up; lists and count are derived from them, and rebuilt when a thread died in the section.
 */
export class Slots {
  readonly #cells: Cells;
  readonly table: Cells;
  readonly #recover: () => void;
  /** Waiters settled in this section. They are woken after it is left, because the first thing each does is to enter it. */
  readonly #settled: number[] = [];
  /** RANGES, as far as this thread has looked: they never move. */
  readonly #ranges: number[] = [];

  /** @param recover - called in the section when a thread died in it: puts right what else that thread was changing */
  constructor(cells: Cells, table: Cells, recover: () => void = () => {}) {
    this.#cells = cells;
    this.table = table;
    this.#recover = recover;
  }

  /** Those of a primitive that is being made. */
  static fresh(cells: Cells, recover?: () => void): Slots {
    const slots = new Slots(cells, currentArena(), recover);
    slots.#takeRange(0);
    return slots;
  }

  /** Runs `change` with nobody else in the section. */
  inside<T>(change: () => T): T {
    const died = enter(this.#cells, SECTION);
    try {
      if (died) {
        this.#rebuild();
        this.#recover();
      }
      return change();
    } finally {
      leave(this.#cells, SECTION);
      if (this.#settled.length > 0) this.#wakeSettled();
    }
  }

  #wakeSettled(): void {
    for (const slot of this.#settled.splice(0)) wake(this.table, this.stateIndex(slot));
  }

  /** How many wait, including dead threads that nobody has noticed yet. */
  get count(): number {
    return load(this.#cells, COUNT);
  }

  /** How many of those alive wait. */
  countAlive(): number {
    return this.inside(() => {
      let alive = 0;
      for (let slot = this.first(); slot !== 0; slot = this.next(slot)) if (this.#lives(slot)) alive++;
      return alive;
    });
  }

  /** The index in `table` of a slot's state. */
  stateIndex(slot: number): number {
    const range = rangeOf(slot);
    return this.#rangeAt(range) + (slot - 1 - slotsBefore(range)) * SLOT_WORDS + STATE;
  }

  state(slot: number): number {
    return load(this.table, this.stateIndex(slot));
  }

  /** @throws RangeError when a million wait. Inside. */
  append(): number {
    const slot = this.#take();
    this.#set(slot, IDENT, getIdent());
    this.#set(slot, ORDER, add(this.#cells, NEXT_ORDER, 1));
    this.#set(slot, STATE, WAITING);
    this.#link(slot);
    return slot;
  }

  /** The slot that has waited longest, or 0. Inside the section. */
  first(): number {
    return load(this.#cells, HEAD);
  }

  /** The slot that came next after it, or 0. Inside. */
  next(slot: number): number {
    return this.#get(slot, NEXT);
  }

  /** The slot of the live thread that has waited longest, or 0; frees those of dead threads before it. Inside. */
  firstAlive(): number {
    for (let slot = this.first(); slot !== 0; slot = this.first()) {
      if (this.#lives(slot)) return slot;
      this.free(slot);
    }
    return 0;
  }

  /** Frees the slots of dead threads that wait; returns how many are left. Inside. */
  dropDead(): number {
    for (let slot = this.first(); slot !== 0; ) {
      const next = this.next(slot);
      if (!this.#lives(slot)) this.free(slot);
      slot = next;
    }
    return this.count;
  }

  /** Gives a waiter its outcome, and wakes it after the section if it is blocked. Inside. */
  settle(slot: number, outcome: number): void {
    this.#set(slot, STATE, outcome);
    this.#unlink(slot);
    this.#settled.push(slot);
  }

  /** Gives a slot back; a waiter's own last step, or done for one that died. Inside. */
  free(slot: number): void {
    const waited = this.state(slot) === WAITING;
    this.#set(slot, STATE, EMPTY);
    if (waited) this.#unlink(slot);
    this.#set(slot, NEXT, load(this.#cells, UNUSED));
    store(this.#cells, UNUSED, slot);
  }

  /** Looks for slots of the dead, at most every RECHECK_MS ms by all threads together; true when it has looked. */
  sweep(lost: Lost): boolean {
    const time = clock() | 0;
    const swept = load(this.#cells, SWEPT);
    // Unsigned: in 32 bits, a clock that has gone on for more than 24.9 days would seem to have gone back.
    if ((time - swept) >>> 0 < RECHECK_MS && swept !== 0) return false;
    store(this.#cells, SWEPT, time);
    this.inside(() => {
      for (let slot = load(this.#cells, HIGH); slot > 0; slot--) {
        const state = this.state(slot);
        if (state !== EMPTY && !this.#lives(slot)) lost(slot, state);
      }
    });
    return true;
  }

  #lives(slot: number): boolean {
    return isAlive(this.#get(slot, IDENT));
  }

  #get(slot: number, field: number): number {
    return load(this.table, this.stateIndex(slot) + field);
  }

  #set(slot: number, field: number, value: number): void {
    store(this.table, this.stateIndex(slot) + field, value);
  }

  #take(): number {
    const unused = load(this.#cells, UNUSED);
    if (unused !== 0) {
      store(this.#cells, UNUSED, this.#get(unused, NEXT));
      return unused;
    }
    const slot = load(this.#cells, HIGH) + 1;
    const range = rangeOf(slot);
    const isFirst = range > 0 && slot === slotsBefore(range) + 1;
    if (slot > MOST_SLOTS || (isFirst && !this.#takeRange(range)))
      throw new RangeError(`no more than ${MOST_SLOTS} can wait at once`);
    store(this.#cells, HIGH, slot);
    return slot;
  }

  #takeRange(range: number): boolean {
    const at = takeCells(this.table, Math.max(FIRST_SLOTS, slotsBefore(range)) * SLOT_WORDS);
    if (at >= 0) store(this.#cells, RANGES + range, at);
    return at >= 0;
  }

  #rangeAt(range: number): number {
    let at = this.#ranges[range];
    if (at === undefined) {
      at = load(this.#cells, RANGES + range);
      this.#ranges[range] = at;
    }
    return at;
  }

  #link(slot: number): void {
    const tail = load(this.#cells, TAIL);
    this.#set(slot, NEXT, 0);
    this.#set(slot, PREVIOUS, tail);
    if (tail === 0) store(this.#cells, HEAD, slot);
    else this.#set(tail, NEXT, slot);
    store(this.#cells, TAIL, slot);
    store(this.#cells, COUNT, load(this.#cells, COUNT) + 1);
  }

  #unlink(slot: number): void {
    const next = this.#get(slot, NEXT);
    const previous = this.#get(slot, PREVIOUS);
    if (previous === 0) store(this.#cells, HEAD, next);
    else this.#set(previous, NEXT, next);
    if (next === 0) store(this.#cells, TAIL, previous);
    else this.#set(next, PREVIOUS, previous);
    store(this.#cells, COUNT, load(this.#cells, COUNT) - 1);
  }

  #rebuild(): void {
    const waiting: number[] = [];
    for (const cell of [HEAD, TAIL, COUNT, UNUSED]) store(this.#cells, cell, 0);
    for (let slot = load(this.#cells, HIGH); slot > 0; slot--) {
      const state = this.state(slot);
      if (state === WAITING) waiting.push(slot);
      else if (state === EMPTY) {
        this.#set(slot, NEXT, load(this.#cells, UNUSED));
        store(this.#cells, UNUSED, slot);
      }
    }
    waiting.sort((a, b) => (this.#get(a, ORDER) - this.#get(b, ORDER)) | 0);
    for (const slot of waiting) this.#link(slot);
  }
}

function rangeOf(slot: number): number {
  return 32 - Math.clz32(Math.floor((slot - 1) / FIRST_SLOTS));
}

function slotsBefore(range: number): number {
  return range === 0 ? 0 : FIRST_SLOTS << (range - 1);
}
