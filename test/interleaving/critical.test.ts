import { describe } from 'vitest';
import type { Cells } from '../../src/primitives/memory/word.js';
import { type Asked, explores, finds } from '../support/explorer/explores.js';
import type { End, Program } from '../support/explorer/scenario.js';

interface Shared {
  readonly cells: Cells;
}

/** Goes through the section, so many times. */
function passer(rounds = 1): Program<Shared> {
  return ({ cells }, me, { enter, leave }) => {
    for (let left = rounds; left > 0; left--) {
      if (enter(cells, 0)) me.note('found it left by a dead one');
      me.enter('section');
      me.exit('section');
      leave(cells, 0);
    }
  };
}

/** Free at the end, and at most one was to put right what the dead one left. */
function left({ word, notes, killed }: End, { cells }: Shared): string | undefined {
  const found = notes.flat().length;
  if (found > (killed === -1 ? 0 : 1)) return `${found} found that one had died inside`;
  const holder = word(cells, 0) & ~(1 << 30);
  // Nobody may have come since.
  return holder === 0 || holder === killed + 1 ? undefined : `T${holder} inside at the end`;
}

function section(threads: Program<Shared>[], more: Partial<Asked<Shared>> = {}): Asked<Shared> {
  return {
    shared: ({ allocate }) => ({ cells: allocate(1) }),
    threads,
    regions: { section: 1 },
    atEnd: left,
    ...more,
  };
}

describe('every interleaving', () => {
  explores('of 2 threads', section([passer(3), passer(3)]));
  explores('of 2 threads, one killed', section([passer(2), passer(2)], { victim: 0 }));
  explores('of 3 threads', section([passer(), passer(), passer()]));
  explores('of 3 threads, one killed', section([passer(), passer(), passer()], { victim: 0 }));
});

finds(
  'whoever leaves wakes nobody',
  {
    file: 'critical-section.ts',
    text: 'if ((exchange(cells, cell, FREE) & CONTENDED) !== 0) wake(cells, cell, 1);',
    instead: 'exchange(cells, cell, FREE);',
  },
  section([passer(), passer()]),
  /stuck/,
);
finds(
  'one that was woken forgets that others sleep',
  {
    file: 'critical-section.ts',
    text: 'compareExchange(cells, cell, word, me | CONTENDED) === word',
    instead: 'compareExchange(cells, cell, word, me) === word',
  },
  section([passer(), passer(), passer()]),
  /stuck/,
);
finds(
  'the section of a dead one is entered without a compare-exchange',
  {
    file: 'critical-section.ts',
    text: 'if (compareExchange(cells, cell, word, me | CONTENDED) === word) return',
    instead: 'exchange(cells, cell, me | CONTENDED); return',
  },
  section([passer(), passer(), passer()], { victim: 0 }),
  /at a time|inside/,
);
