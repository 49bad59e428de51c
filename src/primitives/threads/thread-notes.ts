import { readTime, writeTime } from '../memory/time.js';
import { type Cells, load } from '../memory/word.js';
import {
  BLOCKED_TIME,
  POOL,
  SLEEPS_SINCE,
  SLEEPS_UNTIL,
  STARTED_BY,
  STATE_SINCE,
  slotOf,
  TARGET,
  table,
} from './table.js';

/*
 * What stands in a thread's slot for monitors alone. Plain stores: nobody decides anything by it, and STATE, which is
 * written after it, carries it over to who reads STATE first.
 */

/** Called as the slot is filled for another thread. @param startedBy - ident; 0: no thread of this library */
export function clearNotes(ident: number, startedBy: number, time: number): void {
  const slot = slotOf(ident);
  for (let word = TARGET; word < NOTES_END; word++) table[slot + word] = 0;
  table[slot + STARTED_BY] = startedBy;
  putTime(table, slot + STATE_SINCE, time);
}

const NOTES_END = BLOCKED_TIME + 2;

/** The thread has begun, or has ended, at that time. */
export function noteState(ident: number, time: number): void {
  putTime(table, slotOf(ident) + STATE_SINCE, time);
}

/** Called as a thread is put in the line of a ThreadPool. */
export function notePool(ident: number, pool: number): void {
  table[slotOf(ident) + POOL] = pool;
}

/** @param target - a number of strings.ts. @param pool - of the ThreadPool whose job it is; 0: none */
export function noteTarget(ident: number, target: number, pool: number): void {
  const slot = slotOf(ident);
  table[slot + TARGET] = target;
  table[slot + POOL] = pool;
}

/** The thread sleeps, until that time; 0: no longer. */
export function noteSleep(ident: number, since: number, until: number): void {
  const slot = slotOf(ident);
  writeTime(table, slot + SLEEPS_UNTIL, Math.ceil(until));
  writeTime(table, slot + SLEEPS_SINCE, since);
}

/** It was blocked for so many µs more. */
export function noteBlocked(ident: number, us: number): void {
  const at = slotOf(ident) + BLOCKED_TIME;
  putTime(table, at, readPlain(table, at) + us);
}

function putTime(cells: Cells, at: number, time: number): void {
  cells[at] = time;
  cells[at + 1] = time / 2 ** 32;
}

function readPlain(cells: Cells, at: number): number {
  return (cells[at + 1] as number) * 2 ** 32 + ((cells[at] as number) >>> 0);
}

/** What they are for a thread. */
export interface ThreadNotes {
  readonly since: number;
  readonly target: number;
  readonly pool: number;
  readonly startedBy: number;
  readonly sleepsSince: number;
  readonly sleepsUntil: number;
  readonly blockedTime: number;
}

export function readNotes(ident: number): ThreadNotes {
  const slot = slotOf(ident);
  return {
    since: readTime(table, slot + STATE_SINCE),
    target: load(table, slot + TARGET),
    pool: load(table, slot + POOL),
    startedBy: load(table, slot + STARTED_BY),
    sleepsSince: readTime(table, slot + SLEEPS_SINCE),
    sleepsUntil: readTime(table, slot + SLEEPS_UNTIL),
    blockedTime: readTime(table, slot + BLOCKED_TIME) / 1000,
  };
}
