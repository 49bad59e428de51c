import { describe } from 'vitest';
import type { Cells } from '../../src/primitives/memory/word.js';
import { type Asked, explores, finds } from '../support/explorer/explores.js';
import type { End, Program } from '../support/explorer/scenario.js';

interface Shared {
  readonly cells: Cells;
}

const RECORDS = 3;
const WORDS = 2;

/** Takes the first record that it can, fills and publishes it; `rounds` times, and keeps the last. */
function taker(rounds = 1): Program<Shared> {
  return ({ cells }, me, { giveRecordBack, load, publishRecord, readRecord, store, takeRecord }) => {
    for (let left = rounds; left > 0; left--) {
      let at = 0;
      while (!takeRecord(cells, at, me.ident)) at = (at + WORDS) % (RECORDS * WORDS);
      store(cells, at + 1, me.ident);
      publishRecord(cells, at, me.ident);
      if (load(cells, at + 1) !== me.ident) me.fail(`somebody else wrote to its record at ${at}`);
      if (readRecord(cells, at, (ident) => ident) !== me.ident) me.fail(`its record at ${at} does not count`);
      if (left > 1) giveRecordBack(cells, at, me.ident);
    }
    me.note('has one');
  };
}

/** Reads what counts. */
const reader: Program<Shared> = ({ cells }, me, { load, readRecord }) => {
  for (let at = 0; at < RECORDS * WORDS; at += WORDS) {
    const found = readRecord(cells, at, (ident) => ({ ident, filled: load(cells, at + 1) === ident }));
    if (found?.filled === false) me.fail(`read a record of T${found.ident} that is not filled`);
  }
};

/** What counts reads as its taker filled it. */
function filled({ word, killed }: End, { cells }: Shared): string | undefined {
  for (let at = 0; at < RECORDS * WORDS; at += WORDS) {
    const ident = word(cells, at);
    if (ident <= 0 || ident === killed + 1) continue;
    if (word(cells, at + 1) !== ident) return `the record at ${at} is T${ident}'s, and not filled by it`;
  }
  return undefined;
}

function records(threads: Program<Shared>[], more: Partial<Asked<Shared>> = {}): Asked<Shared> {
  return {
    shared: ({ allocate }) => ({ cells: allocate(RECORDS * WORDS) }),
    threads,
    atEnd: filled,
    ...more,
  };
}

describe('every interleaving', () => {
  explores('of 2 threads', records([taker(3), taker(3)]));
  explores('of 2 threads, one killed', records([taker(2), taker(2)], { victim: 0 }));
  explores('of 2 threads, one reads', records([taker(2), reader]));
  explores('of 3 threads, one reads', records([taker(2), taker(), reader]));
  explores('of 3 threads, one killed', records([taker(), taker(), taker()], { victim: 0 }));
});

finds(
  'a record is taken without a compare-exchange',
  {
    file: 'claimed-record.ts',
    text: 'return compareExchange(cells, at + TAKER, taker, -me) === taker;',
    instead: 'store(cells, at + TAKER, -me); return true;',
  },
  records([taker(), taker()]),
  /its record/,
);
finds(
  'a record counts before it is filled',
  { file: 'claimed-record.ts', text: 'taker, -me) === taker', instead: 'taker, me) === taker' },
  records([taker(), reader]),
  /not filled/,
);
finds(
  'a record is read that becomes that of another thread meanwhile',
  {
    file: 'claimed-record.ts',
    text: 'return load(cells, at + TAKER) === taker ? found : undefined;',
    instead: 'return found;',
  },
  records([taker(2), taker(), reader]),
  /not filled/,
);
