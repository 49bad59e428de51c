import { type Cells, compareExchange, exchange, load, park, wake } from '../memory/word.js';
import { getIdent } from '../threads/current-ident.js';
import { isAlive } from '../threads/liveness.js';

/**
 * A critical section inside a primitive, a few words long and never around code of the user's. It blocks, also main,
 * for as long as that takes.
 *
 * FREE -enter-> an ident -leave-> FREE;  ident -whoever finds it taken-> ident | CONTENDED;  a dead ident -enter-> mine
 * Invariant: nobody sleeps unless CONTENDED is set, so a leave that does not find it wakes nobody.
 */
const FREE = 0;
const CONTENDED = 1 << 30;
/** ms after which a waiter looks whether the holder was killed. */
const NAP = 20;

/** Blocks until the section is ours. true: the thread before died inside, and what it was changing must be put right first. */
export function enter(cells: Cells, cell: number): boolean {
  const me = getIdent();
  if (compareExchange(cells, cell, FREE, me) === FREE) return false;
  for (;;) {
    const word = load(cells, cell);
    const holder = word & ~CONTENDED;
    if (holder === FREE || !isAlive(holder)) {
      if (compareExchange(cells, cell, word, me | CONTENDED) === word) return holder !== FREE;
    } else if (word !== holder || compareExchange(cells, cell, word, word | CONTENDED) === word) {
      park(cells, cell, holder | CONTENDED, NAP);
    }
  }
}

export function leave(cells: Cells, cell: number): void {
  if ((exchange(cells, cell, FREE) & CONTENDED) !== 0) wake(cells, cell, 1);
}
