import { readText, writeText } from '../memory/text.js';
import { load, store } from '../memory/word.js';
import { giveRecordBack, publishRecord, takeRecord, takerOfRecord } from './claimed-record.js';
import { current, getIdent } from './current-ident.js';
import { aliveIdents } from './liveness.js';
import {
  BLOCKED,
  clock,
  MOST_WAITS,
  raise,
  slotOf,
  table,
  WAIT_WORDS,
  WAITS,
  WAITS_HIGH_WATER,
} from './table.js';

/**
 * Who waits for what, in the table of threads: each thread has one record in its slot for what it blocks on, and
 * takes one of a common pool for each primitive that its Observables wait for (claimed-record.ts).
 */
const PRIMITIVE = 1;
const OWNER = 2;
const SINCE = 3;
const SINCE_HIGH = 4;
const COUNT = 5;
const NAME = 6;
/** The record in a thread's slot belongs to that thread alone, so it needs no TAKER and has more room for the name. */
const BLOCKED_NAME_WORDS = 14;
const NAME_WORDS = WAIT_WORDS - NAME;

/** What the records tell of a primitive that is waited for. */
export interface Waited {
  readonly id: number;
  readonly name: string;
  /** `ident` of whoever must let go of it first; null when that is nobody in particular. */
  readonly owner: number | null;
}

/** That a thread waits for a primitive: an edge of the wait-for graph. */
export interface ThreadWait {
  /** The thread that waits. */
  readonly ident: number;
  /** Number of the primitive, unique in the process. */
  readonly primitive: number;
  /** The primitive's name. */
  readonly name: string;
  /** `ident` of the thread that holds it, as the waiter saw it at most 50 ms ago; null: nobody in particular. */
  readonly owner: number | null;
  /** When the (oldest) wait began, in ms of the clock that `process.hrtime()` reads. */
  readonly since: number;
  /** How many waits of the thread. */
  readonly count: number;
  /** Whether it blocks the thread; otherwise its event loop runs on. */
  readonly blocking: boolean;
}

/** The current thread blocks on it from now on. */
export function block(on: Waited): void {
  const at = slotOf(getIdent()) + BLOCKED;
  store(table, at + OWNER, on.owner ?? 0);
  storeSince(at);
  store(table, at + COUNT, 1);
  writeText(table, at + NAME, BLOCKED_NAME_WORDS, on.name);
  store(table, at + PRIMITIVE, on.id);
}

/** In two words, because the milliseconds of one are used up after 50 days. */
function storeSince(at: number): void {
  const time = clock();
  store(table, at + SINCE, time);
  store(table, at + SINCE_HIGH, time / 2 ** 32);
}

/** Called as a blocked thread looks again: what it blocks on may have another owner by now. */
export function blockedBy(owner: number | null): void {
  store(table, slotOf(getIdent()) + BLOCKED + OWNER, owner ?? 0);
}

export function unblock(): void {
  store(table, slotOf(getIdent()) + BLOCKED + PRIMITIVE, 0);
}

/** Where to look first for a free record. */
let hint = 0;
/** Until when not to search: the last search found all records taken. */
let noneUntil = 0;
const LOOK_AGAIN_AFTER = 1000;

/** The record of this thread's Observable waits for one primitive. */
export class WaitRecord {
  #at = -1;
  /** Whose it is: once that thread has ended, the record may be another's. */
  #ident = 0;

  /** `count` waits from now on; 0 gives the record back. While all 65,536 records are taken, waits are not listed. */
  set(on: Waited, count: number): void {
    if (count === 0) {
      if (this.#at >= 0) this.#close();
      return;
    }
    if (this.#at >= 0 && this.#ident !== current.ident) this.#close();
    if (this.#at < 0) this.#open(on);
    if (this.#at >= 0) store(table, this.#at + COUNT, count);
  }

  owner(owner: number | null): void {
    if (this.#at >= 0 && this.#ident === current.ident) store(table, this.#at + OWNER, owner ?? 0);
  }

  #close(): void {
    giveRecordBack(table, this.#at, this.#ident);
    hint = (this.#at - WAITS) / WAIT_WORDS;
    noneUntil = 0;
    this.#at = -1;
  }

  #open(on: Waited): void {
    if (noneUntil > 0 && clock() < noneUntil) return;
    const me = getIdent();
    for (let tries = 0; tries < MOST_WAITS; tries++) {
      const number = (hint + tries) % MOST_WAITS;
      const at = WAITS + number * WAIT_WORDS;
      if (!takeRecord(table, at, me)) continue;
      store(table, at + COUNT, 0);
      store(table, at + OWNER, on.owner ?? 0);
      storeSince(at);
      writeText(table, at + NAME, NAME_WORDS, on.name);
      store(table, at + PRIMITIVE, on.id);
      publishRecord(table, at, me);
      raise(WAITS_HIGH_WATER, number + 1);
      hint = (number + 1) % MOST_WAITS;
      this.#at = at;
      this.#ident = me;
      return;
    }
    noneUntil = clock() + LOOK_AGAIN_AFTER;
  }
}

/**
 * Every wait of every live thread, at this moment: the edges of the wait-for graph, in which a deadlock is a cycle. Python
 * has no such thing.
 *
 * @example
 * const lock = new Lock({ name: 'printer' });
 * lock.acquireSync();
 * const waiting = lock.acquire().subscribe();
 * for (const { name, owner } of waits()) console.log(name, owner === getIdent()); // prints printer true
 * waiting.unsubscribe();
 */
export function waits(): ThreadWait[] {
  const found: ThreadWait[] = [];
  eachWait((at, ident, blocking) => found.push(read(at, ident, blocking)));
  return found;
}

/** How many waits, of all threads, are queued for a primitive. */
export function countWaiting(primitive: number): number {
  let count = 0;
  eachWait((at) => {
    if (load(table, at + PRIMITIVE) === primitive) count += load(table, at + COUNT);
  });
  return count;
}

function eachWait(visit: (at: number, ident: number, blocking: boolean) => void): void {
  for (const ident of aliveIdents(true)) {
    const at = slotOf(ident) + BLOCKED;
    if (load(table, at + PRIMITIVE) !== 0) visit(at, ident, true);
  }
  const most = load(table, WAITS_HIGH_WATER);
  for (let number = 0; number < most; number++) {
    const at = WAITS + number * WAIT_WORDS;
    const ident = takerOfRecord(table, at);
    if (ident !== 0) visit(at, ident, false);
  }
}

function read(at: number, ident: number, blocking: boolean): ThreadWait {
  return {
    ident,
    primitive: load(table, at + PRIMITIVE),
    name: readText(table, at + NAME),
    owner: load(table, at + OWNER) || null,
    since: load(table, at + SINCE_HIGH) * 2 ** 32 + (load(table, at + SINCE) >>> 0),
    count: load(table, at + COUNT),
    blocking,
  };
}
