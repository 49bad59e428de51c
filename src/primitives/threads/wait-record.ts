import type { Observable } from 'rxjs';
import { microseconds } from '../memory/histogram.js';
import { writeText } from '../memory/text.js';
import { writeTime } from '../memory/time.js';
import { type Cells, load, peek, store } from '../memory/word.js';
import { giveRecordBack, publishRecord, takeRecord } from './claimed-record.js';
import type { PrimitiveKind } from './contention.js';
import { current, getIdent } from './current-ident.js';
import {
  BLOCKED,
  clock,
  MOST_WAITS,
  PRIMITIVE,
  raise,
  slotOf,
  table,
  WAIT_WORDS,
  WAITS,
  WAITS_BEGUN,
  WAITS_HIGH_WATER,
} from './table.js';
import { noteBlocked } from './thread-notes.js';

/*
 * The records of who waits for what, as the thread that waits writes them: each thread has one in its slot for what it
 * blocks on, and takes one of a common pool for each primitive that its Observables wait for (claimed-record.ts).
 * wait-graph.ts reads them.
 *
 * NUMBER: 0 while the record is being changed, else that of the wait, which no other of the thread has.
 *   0 -the thread, having written all else of the wait-> its number -the same, as it begins to write of another wait-> 0
 * Invariant: who reads the same NUMBER before and after has read what belongs to one wait, but for OWNER, LOOKS and COUNT,
 * which change while it lasts.
 */

/** `ident` of who must let go first; 0: nobody in particular. */
export const OWNER = 2;
/** When it began, in whole ms. */
export const SINCE = 3;
export const COUNT = 5;
export const NUMBER = 6;
/** When it gives up by itself, as SINCE; 0: never. */
export const UNTIL = 7;
/** How often OWNER was written. */
export const LOOKS = 9;
/** Where it began: a number of strings.ts; 0: not known. */
export const SITE = 10;
/** The primitive whose name stands in NAME. Names of primitives never change, so who waits for one again need not write it. */
const NAMED = 11;
export const NAME = 12;
const NAME_WORDS = WAIT_WORDS - NAME;

/** NUMBER goes from 1 up to this, and begins again. */
const MOST_NUMBER: number = 2 ** 26 - 1;

/** `id` of a wait that is the `number`th of that thread. */
export function waitId(ident: number, number: number): number {
  return ident * (MOST_NUMBER + 1) + number;
}

/** What the records tell of a primitive that is waited for. */
export interface Waited {
  readonly id: number;
  readonly name: string;
  /** `ident` of whoever must let go of it first; null when that is nobody in particular. */
  readonly owner: number | null;
  /** `owner` and its changes, of what another thread than the owner may release. */
  readonly owner$?: Observable<number | null>;
  /** Undefined: it is no primitive. */
  readonly cells?: Cells;
  readonly primitiveKind?: PrimitiveKind;
}

/** The wait that a record tells of. Times are ms on the clock of all threads; until: Infinity where it never gives up. */
export interface WaitTimes {
  readonly since: number;
  readonly until: number;
  /** Where it began: a number of strings.ts; 0: not known. */
  readonly site?: number;
}

/** The current thread blocks on it from now on; times as of WaitTimes. */
export function block(on: Waited, since: number, until: number, site = 0): void {
  const me = getIdent();
  const at = slotOf(me) + BLOCKED;
  store(table, at + OWNER, on.owner ?? 0);
  store(table, at + COUNT, 1);
  writeName(at, on);
  writeWait(at, me, since, until, site);
  store(table, at + PRIMITIVE, on.id);
}

/** Called as a blocked thread looks again: what it blocks on may have another owner by now. */
export function blockedBy(owner: number | null): void {
  writeOwner(slotOf(getIdent()) + BLOCKED, owner);
}

/** @param ms - how long it was blocked */
export function unblock(ms: number): void {
  const me = getIdent();
  store(table, slotOf(me) + BLOCKED + PRIMITIVE, 0);
  noteBlocked(me, microseconds(ms));
}

function writeWait(at: number, me: number, since: number, until: number, site: number): void {
  store(table, at + NUMBER, 0);
  store(table, at + SITE, site);
  writeTime(table, at + SINCE, since);
  writeTime(table, at + UNTIL, until === Number.POSITIVE_INFINITY ? 0 : Math.ceil(until));
  store(table, at + NUMBER, nextNumber(me));
}

function nextNumber(me: number): number {
  const cell = slotOf(me) + WAITS_BEGUN;
  const number = (peek(table, cell) % MOST_NUMBER) + 1;
  store(table, cell, number);
  return number;
}

function writeName(at: number, { id, name }: Waited): void {
  if (peek(table, at + NAMED) === id && id > 0) return;
  store(table, at + NAMED, 0);
  writeText(table, at + NAME, NAME_WORDS, name);
  store(table, at + NAMED, id);
}

function writeOwner(at: number, owner: number | null): void {
  store(table, at + OWNER, owner ?? 0);
  store(table, at + LOOKS, peek(table, at + LOOKS) + 1);
}

/** Where to look first for a free record. */
let hint = 0;
/** Until when not to search: the last search found all records taken. */
let noneUntil = 0;
const LOOK_AGAIN_AFTER = 1000;

/** The record of this thread's Observable waits for one primitive. It tells of the one that is served first. */
export class WaitRecord {
  #at = -1;
  /** Whose it is: once that thread has ended, the record may be another's. */
  #ident = 0;
  #first: WaitTimes | undefined;

  /**
   * `count` waits from now on; 0 gives the record back. While all 65,536 records are taken, waits are not listed.
   *
   * @param first - of those, where there were none; default: one that begins now and never gives up
   */
  set(on: Waited, count: number, first?: WaitTimes): void {
    if (count === 0) {
      if (this.#at >= 0) this.#close();
      return;
    }
    if (this.#at >= 0 && this.#ident !== current) this.#close();
    if (this.#at >= 0) {
      store(table, this.#at + COUNT, count);
      return;
    }
    this.#open(on, count, first ?? { since: clock(), until: Number.POSITIVE_INFINITY });
  }

  /** The wait that it tells of from now on. */
  first(wait: WaitTimes): void {
    if (wait === this.#first || this.#at < 0 || this.#ident !== current) return;
    this.#first = wait;
    writeWait(this.#at, this.#ident, wait.since, wait.until, wait.site ?? 0);
  }

  /** `id` of the wait that it tells of; 0: it tells of none. */
  get id(): number {
    return this.#at < 0 ? 0 : waitId(this.#ident, load(table, this.#at + NUMBER));
  }

  owner(owner: number | null): void {
    if (this.#at >= 0 && this.#ident === current) writeOwner(this.#at, owner);
  }

  #close(): void {
    giveRecordBack(table, this.#at, this.#ident);
    hint = (this.#at - WAITS) / WAIT_WORDS;
    noneUntil = 0;
    this.#at = -1;
    this.#first = undefined;
  }

  #open(on: Waited, count: number, first: WaitTimes): void {
    if (noneUntil > 0 && clock() < noneUntil) return;
    const me = getIdent();
    for (let tries = 0; tries < MOST_WAITS; tries++) {
      const number = (hint + tries) % MOST_WAITS;
      const at = WAITS + number * WAIT_WORDS;
      if (!takeRecord(table, at, me)) continue;
      store(table, at + COUNT, count);
      store(table, at + OWNER, on.owner ?? 0);
      writeName(at, on);
      this.#at = at;
      this.#ident = me;
      // Whole before it counts: who reads `waiting` and then `waits` finds there what was counted.
      this.first(first);
      store(table, at + PRIMITIVE, on.id);
      publishRecord(table, at, me);
      raise(WAITS_HIGH_WATER, number + 1);
      hint = (number + 1) % MOST_WAITS;
      return;
    }
    noneUntil = clock() + LOOK_AGAIN_AFTER;
  }
}
