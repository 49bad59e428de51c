import { describe } from 'vitest';
import { RECORD } from '../../src/primitives/memory/layout.js';
import type { Cells } from '../../src/primitives/memory/word.js';
import { type Asked, explores, finds } from '../support/explorer/explores.js';
import type { End, Program } from '../support/explorer/scenario.js';

interface Shared {
  readonly records: Cells;
  /** How many records were taken. */
  readonly count: Cells;
  readonly lock: Cells;
  readonly event: Cells;
}

const WORDS = 2;
/** A record: see contended-record.ts. */
const [ID, FILLED] = [0, 1];
const IDS = { lock: 7, event: 8 };

/** Waits for these, one after the other, and looks up the record of each. */
function waiter(...of: (keyof typeof IDS)[]): Program<Shared> {
  return (shared, me, { add, load, recordFor, store }) => {
    for (const one of of) {
      const next = (): number => add(shared.count, 0, 1) + 1;
      const records = {
        cells: shared.records,
        from: 0,
        most: shared.records.length / WORDS,
        words: WORDS,
        next,
      };
      const at = recordFor({ id: IDS[one], cells: shared[one] }, records, (_, fresh) => {
        store(shared.records, fresh + FILLED, IDS[one]);
      });
      if (at >= 0 && load(shared.records, at + FILLED) !== IDS[one]) me.fail('its record is not filled');
      me.note(at < 0 ? 'none' : one);
    }
  };
}

/** Who was waited for has one record, unless all were taken; a record that lost is nobody's. */
function everyoneHasOne({ word, notes }: End, { records, lock, event }: Shared): string | undefined {
  for (const [one, cells] of Object.entries({ lock, event }) as [keyof typeof IDS, Cells][]) {
    const found = [];
    for (let at = 0; at < records.length; at += WORDS)
      if (word(records, at + ID) === IDS[one]) found.push(at);
    const [at = -1] = found;
    if (found.length > 1) return `the ${one} has ${found.length} records`;
    if (at >= 0 && word(cells, RECORD) !== at / WORDS + 1) return `a record says that it is of the ${one}`;
    if (at < 0 && notes.flat().includes(one)) return `the ${one} has no record`;
  }
  return undefined;
}

function waiting(threads: Program<Shared>[], most: number, more: Partial<Asked<Shared>> = {}): Asked<Shared> {
  return {
    shared: ({ allocate }) => ({
      records: allocate(most * WORDS),
      count: allocate(1),
      lock: allocate(16),
      event: allocate(16),
    }),
    threads,
    atEnd: everyoneHasOne,
    ...more,
  };
}

describe('every interleaving', () => {
  const both = [waiter('lock'), waiter('lock')];
  explores('of 2 threads that wait first', waiting([waiter('lock', 'lock'), waiter('lock')], 4));
  explores('of 3 threads that wait first', waiting([...both, waiter('lock')], 4));
  explores('of 2 threads, one killed', waiting([waiter('lock'), waiter('lock', 'lock')], 4, { victim: 0 }));
  explores('of 3 threads, one killed', waiting([...both, waiter('lock', 'lock')], 4, { victim: 0 }));
  explores('of 2 primitives', waiting([waiter('lock', 'event'), waiter('event', 'lock')], 4));
  explores('of 2 primitives with one record', waiting([waiter('lock', 'event'), waiter('event', 'lock')], 1));
  explores('of 3 threads with one record', waiting([...both, waiter('event', 'event')], 1));
  finds(
    'a primitive gets its record without a compare-exchange',
    {
      file: 'contended-record.ts',
      text: 'compareExchange(cells, RECORD, 0, mine <= records.most ? mine : NONE);',
      instead: 'store(cells, RECORD, mine <= records.most ? mine : NONE);',
    },
    waiting(both, 4),
    /has 2 records/,
  );
  finds(
    'nobody goes on for one that was killed',
    {
      file: 'contended-record.ts',
      text: '!== id) store(',
      instead: '!== id && false) store(',
    },
    waiting([waiter('lock'), waiter('lock', 'lock')], 4, { victim: 0 }),
    /has no record/,
  );
});
