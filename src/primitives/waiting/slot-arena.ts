import { add, allocateGrowable, type Cells, grow, load } from '../memory/word.js';

/** Cells that a waiter's slot takes; see waiter-list.ts. */
export const SLOT_WORDS = 8;
/** How many can wait for one primitive at once. */
export const MOST_SLOTS: number = 1 << 20;

/** In the arena's own cells, of which there are SLOT_WORDS: how many have been handed out. */
const USED = 0;
const MOST_WORDS = 2 * MOST_SLOTS * SLOT_WORDS;
const FIRST_WORDS = 256 * SLOT_WORDS;
/** An arena that has handed out so much takes no new primitives. */
const FULL_WORDS = MOST_WORDS / 16;

let arena: Cells | undefined;

/**
 * Where a new primitive's waiters get their slots: memory that the primitives made in one thread share, because each that
 * can grow costs the process 64 MB of addresses and two mappings, of which Linux gives it 65,530. Nothing is given back
 * to an arena. It goes as a whole, once the primitives that share it have gone; so there is a new one from time to time.
 */
export function currentArena(): Cells {
  if (arena === undefined || load(arena, USED) >= FULL_WORDS)
    arena = allocateGrowable(FIRST_WORDS, MOST_WORDS);
  return arena;
}

/** The index of the first of so many fresh cells; -1: there are no more. */
export function takeCells(from: Cells, words: number): number {
  const at = SLOT_WORDS + add(from, USED, words);
  const end = at + words;
  if (
    end <= from.length ||
    (end <= MOST_WORDS && grow(from, Math.min(Math.max(end, 2 * from.length), MOST_WORDS)))
  )
    return at;
  add(from, USED, -words);
  return -1;
}
