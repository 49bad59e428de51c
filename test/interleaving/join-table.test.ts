import { describe } from 'vitest';
import { explores, finds } from '../support/explorer/explores.js';
import { maker, tables, taker } from '../support/explorer/tables.js';

describe('workers that have a table before main has', () => {
  explores('one takes handles of main and of the other', tables([maker, taker]));
  explores('both take that of main, or make something', tables([maker, maker]));
  explores('both take what comes', tables([taker, taker]));
});

finds(
  'a worker leaves a table in which it has made something',
  { file: 'table.ts', text: 'if (!madeHere) return false;', instead: 'if (madeHere) return true;' },
  tables([maker, taker]),
  /shared two tables/,
);
finds(
  'a worker that has taken a handle takes one of another table',
  { file: 'table.ts', text: '  madeHere = false;\n  setEnv', instead: '  setEnv' },
  tables([maker, taker]),
  /shared two tables/,
);
