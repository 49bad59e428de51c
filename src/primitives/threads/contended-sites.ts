import { addToSum, microseconds, readSum } from '../memory/histogram.js';
import { compareExchange, load, peek } from '../memory/word.js';
import { ID } from './contended-record.js';
import {
  CONTENDED,
  CONTENDED_WORDS,
  MOST_SITES,
  MOST_STRINGS,
  reserve,
  reserved,
  SITE_WORDS,
  SITES,
} from './reserve.js';

/**
 * Where in the code a primitive was waited for, how often and how long: a table of pairs of primitive and place, in memory
 * that any thread can read. Waits whose place is not known are not in it, nor those of pairs for which there is no room.
 *
 * KEY: 0 -any thread whose wait has ended-> that of the pair, for good
 */
const KEY = 0;
const SUM = 1;
/** How many places a pair may have. */
const TRIES = 32;

/** Of the number of a record of contention.ts, below MOST_CONTENDED, and that of a string; never 0. */
function keyOf(record: number, site: number): number {
  return record * MOST_STRINGS + site;
}

/**
 * A wait is over.
 *
 * @param at - where contention.ts counts it
 * @param site - a number of strings.ts, not 0
 */
export function waitedAt(at: number, site: number, ms: number): void {
  const cells = reserve();
  const key = keyOf((at - CONTENDED) / CONTENDED_WORDS, site);
  // Golden ratio: pairs of one primitive, or of one place, are far apart.
  const hash = Math.imul(key, 0x9e37_79b1) >>> 0;
  for (let tries = 0; tries < TRIES; tries++) {
    const place = SITES + ((hash + tries) % MOST_SITES) * SITE_WORDS;
    const before = load(cells, place + KEY) || compareExchange(cells, place + KEY, 0, key) || key;
    if (before !== key) continue;
    addToSum(cells, place + SUM, microseconds(ms));
    return;
  }
}

/** What is known of one place. */
export interface SiteFacts {
  /** A number of strings.ts. */
  readonly site: number;
  readonly waits: number;
  /** ms. */
  readonly waitTime: number;
}

/** By `id` of the primitive. */
export function sitesOfWaits(): Map<number, SiteFacts[]> {
  const found = new Map<number, SiteFacts[]>();
  const cells = reserved();
  for (let place = 0; cells !== null && place < MOST_SITES; place++) {
    const at = SITES + place * SITE_WORDS;
    const key = peek(cells, at + KEY);
    if (key === 0) continue;
    const record = Math.floor((key - 1) / MOST_STRINGS);
    const id = load(cells, CONTENDED + record * CONTENDED_WORDS + ID);
    const { count: waits, total: waitTime } = readSum(cells, at + SUM);
    const facts: SiteFacts = { site: key - record * MOST_STRINGS, waits, waitTime };
    const known = found.get(id);
    if (known === undefined) found.set(id, [facts]);
    else known.push(facts);
  }
  return found;
}
