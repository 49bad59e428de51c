import { describe } from 'vitest';
import { explores, finds } from '../support/explorer/explores.js';
import {
  leaves,
  leavesOne,
  moves,
  movesThereAndBack,
  other,
  pool,
  reuses,
  reusesBoth,
  ring,
  worker,
} from '../support/explorer/sessions.js';

describe('a starter and a worker', () => {
  for (const [dies, more] of [
    ['', {}],
    [', or its worker dies', { victim: 1 }],
  ] as const) {
    explores(`a job is left${dies}`, pool(1, [leaves, worker], more));
    explores(`one of two is left${dies}`, pool(2, [leavesOne, worker], more));
    explores(
      `the one word is offered again and again${dies}`,
      pool(3, [reuses, worker], { ...ring(1), ...more }),
    );
    explores(
      `words are offered again in a ring${dies}`,
      pool(2, [reusesBoth, worker], { ...more, preemptions: 2 }),
    );
  }
});

// test/long explores these with any number of preemptions.
describe('a starter and two workers, up to 1 preemption', () => {
  for (const [dies, more] of [
    ['', {}],
    [', or its worker dies', { victim: 1 }],
    [', whose worker dies', { victim: 2 }],
  ] as const) {
    explores(
      `a job is taken back and offered to another session${dies}`,
      pool(1, [moves, worker, other], { ...more, preemptions: 1 }),
    );
    explores(
      `a job goes from one session to the other and back${dies}`,
      pool(1, [movesThereAndBack, worker, other], { ...more, preemptions: 1 }),
    );
  }
});

const moved = pool(1, [moves, worker, other]);
finds(
  'all offers are one number',
  { file: 'job-claims.ts', text: 'return -2 - (seq & 0x3fff_ffff);', instead: 'return -2;' },
  pool(3, [reuses, worker], ring(1)),
  /ran though it was taken back|no one end|knows nothing of/,
);
finds(
  'a job is taken back without a compare-exchange',
  {
    file: 'job-claims.ts',
    text: 'return compareExchange(this.#cells, this.#word(seq), offer, TAKEN_BACK) === offer;',
    instead: 'store(this.#cells, this.#word(seq), TAKEN_BACK); return offer < 0;',
  },
  moved,
  /runs again|ran though|knows nothing of/,
);
finds(
  'a job is claimed by a load and a store',
  {
    file: 'job-claims.ts',
    text: 'return compareExchange(this.#cells, this.#word(seq), offer, ident) === offer;',
    instead:
      'if (load(this.#cells, this.#word(seq)) !== offer) return false; store(this.#cells, this.#word(seq), ident); return true;',
  },
  moved,
  /runs again|ran though|knows nothing of/,
);
finds(
  'a worker marks what it has claimed with one number for all',
  { file: 'job-claims.ts', text: 'offer, ident) === offer', instead: 'offer, 1) === offer' },
  pool(1, [leaves, worker], { victim: 1 }),
  /for the ident of/,
);
finds(
  'a worker believes its first look at the word',
  {
    file: 'job-claims.ts',
    text: 'return compareExchange(this.#cells, this.#word(seq), offer, ident) === offer;',
    instead: 'store(this.#cells, this.#word(seq), ident); return true;',
  },
  moved,
  /runs again|ran though|knows nothing of/,
);
