import { readText } from '../memory/text.js';
import { readTime } from '../memory/time.js';
import { load } from '../memory/word.js';
import { readRecord } from './claimed-record.js';
import { aliveIdents } from './liveness.js';
import { BLOCKED, FREE, PRIMITIVE, slotOf, table, WAIT_WORDS, WAITS, WAITS_HIGH_WATER } from './table.js';
import { stateOf } from './thread-slots.js';
import { COUNT, LOOKS, NAME, NUMBER, OWNER, SINCE, SITE, UNTIL, waitId } from './wait-record.js';

/** That a thread waits for a primitive: an edge of the wait-for graph. */
export interface ThreadWait {
  /**
   * No other wait of the process has it. Where `count` is more than 1 it is that of the wait which is served first, as are
   * `since` and `until`.
   */
  readonly id: number;
  /** The thread that waits. */
  readonly ident: number;
  /** Number of the primitive, unique in the process; of a thread that is joined its ident, negative. */
  readonly primitive: number;
  /** The primitive's name. */
  readonly name: string;
  /** `ident` of the thread that holds it, as the waiter saw it at most 50 ms ago; null: nobody in particular. */
  readonly owner: number | null;
  /** When the wait began, in whole ms of the clock that `process.hrtime()` reads. */
  readonly since: number;
  /** When it gives up by itself, on the same clock; null: never. */
  readonly until: number | null;
  /** How many waits of the thread. */
  readonly count: number;
  /** 'blocking': the thread does nothing else. 'observable': its event loop runs on. */
  readonly face: 'blocking' | 'observable';
  /** Whether it blocks the thread; otherwise its event loop runs on. */
  readonly blocking: boolean;
  /** How often the waiter has seen who the owner is, modulo 2 ** 32. @internal */
  readonly looks: number;
  /** Where it began: a number of strings.ts; 0: not known. @internal */
  readonly site: number;
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
  return readWaits(read);
}

/** How many waits, of all threads, are queued for a primitive. */
export function countWaiting(primitive: number): number {
  const counts = readWaits((at) => (load(table, at + PRIMITIVE) === primitive ? load(table, at + COUNT) : 0));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What `read` makes of each record that counts; what became another thread's meanwhile is left out. */
function readWaits<T>(read: (at: number, ident: number, blocking: boolean) => T | undefined): T[] {
  const found: T[] = [];
  for (const ident of aliveIdents(true)) {
    const at = slotOf(ident) + BLOCKED;
    const wait = load(table, at + PRIMITIVE) === 0 ? undefined : read(at, ident, true);
    if (wait !== undefined && stateOf(ident) !== FREE) found.push(wait);
  }
  const most = load(table, WAITS_HIGH_WATER);
  for (let number = 0; number < most; number++) {
    const at = WAITS + number * WAIT_WORDS;
    const wait = readRecord(table, at, (ident) => read(at, ident, false));
    if (wait !== undefined) found.push(wait);
  }
  return found;
}

/** How often a record is read that changes meanwhile: a thread that begins one wait after the other is none that hangs. */
const TRIES = 8;

/** undefined: it is over. */
function read(at: number, ident: number, blocking: boolean): ThreadWait | undefined {
  for (let tries = 0; tries < TRIES; tries++) {
    const number = load(table, at + NUMBER);
    const primitive = load(table, at + PRIMITIVE);
    if (primitive === 0) return undefined;
    const wait: ThreadWait = {
      id: waitId(ident, number),
      ident,
      primitive,
      name: readText(table, at + NAME),
      owner: load(table, at + OWNER) || null,
      since: readTime(table, at + SINCE),
      until: readTime(table, at + UNTIL) || null,
      count: load(table, at + COUNT),
      face: blocking ? 'blocking' : 'observable',
      blocking,
      looks: load(table, at + LOOKS) >>> 0,
      site: load(table, at + SITE),
    };
    if (number !== 0 && load(table, at + NUMBER) === number && load(table, at + PRIMITIVE) === primitive)
      return wait;
  }
  return undefined;
}
