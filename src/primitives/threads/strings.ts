import { readText, writeText } from '../memory/text.js';
import { type Cells, compareExchange, load, store } from '../memory/word.js';
import { MOST_STRINGS, reserve, reserved, STRING_WORDS, STRINGS } from './reserve.js';

/**
 * Strings that any thread of the process can name by a number: of targets, of places in the code. What is in the table
 * stays, so that a number always means the same.
 *
 * KEY: FREE -any thread-> -hash of the text, while that thread writes it -the same-> hash
 * Invariant: a text is read only where KEY is positive, and does not change from then on. A thread killed as it wrote
 * leaves a place that nobody uses.
 */
const KEY = 0;
const TEXT = 1;
const FREE = 0;
/** How many places a string may have; when all are taken it has no number. */
const TRIES = 32;

/** What this thread has looked up; forgotten when it is much, because names may be made up as the program runs. */
const known = new Map<string, number>();
const MOST_KNOWN = 4096;

/** The number of a text, which is cut at 250 bytes; 0: there is no room for it. */
export function numberOf(text: string): number {
  const before = known.get(text);
  if (before !== undefined) return before;
  if (known.size === MOST_KNOWN) known.clear();
  const number = text === '' ? 0 : find(text);
  known.set(text, number);
  return number;
}

function find(text: string): number {
  const hash = hashOf(text);
  const cells = reserve();
  for (let tries = 0; tries < TRIES; tries++) {
    const place = (hash + tries) % MOST_STRINGS;
    if (isThere(cells, STRINGS + place * STRING_WORDS, hash, text)) return place + 1;
  }
  return 0;
}

/** Whether the text stands at that place, or does now. */
function isThere(cells: Cells, at: number, hash: number, text: string): boolean {
  const key = compareExchange(cells, at + KEY, FREE, -hash);
  // What stands there may have been cut.
  if (key !== FREE) return key === hash && text.startsWith(readText(cells, at + TEXT));
  writeText(cells, at + TEXT, STRING_WORDS - TEXT, text);
  store(cells, at + KEY, hash);
  return true;
}

/** Of 30 bits, never 0. */
function hashOf(text: string): number {
  let hash = 17;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return (hash & 0x3fff_ffff) + 1;
}

/** null: it is the number of none. */
export function stringOf(number: number): string | null {
  const at = STRINGS + (number - 1) * STRING_WORDS;
  const cells = number >= 1 && number <= MOST_STRINGS ? reserved() : null;
  return cells !== null && load(cells, at + KEY) > 0 ? readText(cells, at + TEXT) : null;
}
