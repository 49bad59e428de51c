import { describe } from 'vitest';
import type { Cells } from '../../src/primitives/memory/word.js';
import { type Asked, explores, finds } from '../support/explorer/explores.js';
import type { End, Program } from '../support/explorer/scenario.js';

interface Shared {
  readonly cells: Cells;
  /** How many events there were. */
  readonly head: Cells;
}

const WORDS = 8;
const places = ({ length }: Cells): number => length / WORDS;

/** Writes so many events: each field of one says which it is. */
function writer(events: number): Program<Shared> {
  return ({ cells, head }, _, { add, writeAt }) => {
    for (let left = events; left > 0; left--) {
      const n = add(head, 0, 1);
      writeAt({ cells, from: 0, places: places(cells) }, n, [n + 1, n + 1, n + 1, n + 1]);
    }
  };
}

/** Reads what there is, in order. */
function reader(events: number): Program<Shared> {
  return ({ cells }, me, { readAt }) => {
    for (let n = 0; n < events; n++) {
      const read = readAt({ cells, from: 0, places: places(cells) }, n);
      if (read?.fields.some((field) => field !== n + 1)) me.fail(`read ${read.fields} as event ${n}`);
    }
  };
}

/** What counts as written is whole; where nobody was killed or overtaken, all is written. */
function whole({ word, killed, notes }: End, { cells, head }: Shared): string | undefined {
  for (let at = 0; at < cells.length; at += WORDS) {
    const state = word(cells, at);
    const fields = [3, 4, 5, 6].map((index) => word(cells, at + index));
    if (state % 2 === 0 && state > 0 && new Set(fields).size !== 1)
      return `torn: ${fields}; ${notes.join('; ')}`;
    const all = word(head, 0) <= places(cells);
    if (killed === -1 && all && at / WORDS < word(head, 0) && state !== 2) return `no event at ${at}`;
  }
  return undefined;
}

function ring(threads: Program<Shared>[], most: number, more: Partial<Asked<Shared>> = {}): Asked<Shared> {
  return {
    shared: ({ allocate }) => ({ cells: allocate(most * WORDS), head: allocate(1) }),
    threads,
    atEnd: whole,
    ...more,
  };
}

describe('every interleaving', () => {
  explores('of 2 writers', ring([writer(1), writer(1)], 2));
  explores('of 2 writers that overtake each other', ring([writer(2), writer(2)], 1));
  explores('of 2 writers, one killed', ring([writer(2), writer(2)], 1, { victim: 0 }));
  explores('of a writer and a reader', ring([writer(3), reader(3)], 1));
  explores('of a writer that is killed, and a reader', ring([writer(2), reader(2)], 1, { victim: 0 }));
  explores('of 2 writers and a reader', ring([writer(1), writer(1), reader(2)], 1, { preemptions: 3 }));
  finds(
    'a place is taken without a compare-exchange',
    {
      file: 'event-ring.ts',
      text: 'if (compareExchange(cells, at + STATE, before, beingWritten(round)) !== before) return;',
      instead: 'store(cells, at + STATE, beingWritten(round));',
    },
    ring([writer(2), writer(2)], 1),
    /torn/,
  );
  finds(
    'a place that is being written is taken by another',
    { file: 'event-ring.ts', text: 'if (isBeingWritten(before) || (', instead: 'if ((' },
    ring([writer(2), writer(2)], 1),
    /torn/,
  );
  finds(
    'a reader does not look whether what it has read was one event',
    {
      file: 'event-ring.ts',
      text: 'return load(cells, at + STATE) === before ? { time, fields } : null;',
      instead: 'return { time, fields };',
    },
    ring([writer(2), reader(2)], 1),
    /read .* as event/,
  );
});
