import { describe } from 'vitest';
import { leaver, set, setAndClear, waiter, waits } from '../support/explorer/event-waiters.js';
import { explores, finds } from '../support/explorer/explores.js';
import { blocking, mixes, observable, titleOf } from '../support/explorer/faces.js';

describe('every interleaving of 2 threads', () => {
  for (const face of [blocking, observable]) {
    explores(`one waits, one sets: ${face.name}`, waits([waiter(face), set]));
    explores(`one waits, one sets and clears: ${face.name}`, waits([waiter(face), setAndClear]));
    explores(`one waits or gives up: ${face.name}`, waits([waiter(face, 30), setAndClear]));
    explores(`the one that waits is killed: ${face.name}`, waits([waiter(face), setAndClear], { victim: 0 }));
    explores(`the one that sets is killed: ${face.name}`, waits([waiter(face), setAndClear], { victim: 1 }));
  }
  explores('one unsubscribes, one sets', waits([leaver, set]));
});

describe('every interleaving of 3 threads', () => {
  for (const faces of mixes(2)) {
    const title = titleOf(faces);
    const both = faces.map((face) => waiter(face));
    explores(`two wait, one sets: ${title}`, waits([...both, set]));
    explores(`two wait, one sets and clears: ${title}`, waits([...both, setAndClear]));
    explores(`one waits, two set: ${title}`, waits([waiter(faces[0]!), set, set]));
    explores(
      `one waits, one sets and clears, one sets: ${title}`,
      waits([waiter(faces[1]!), setAndClear, set]),
    );
    explores(`one gives up, one waits: ${title}`, waits([waiter(faces[0]!, 30), both[1]!, setAndClear]));
    explores(`one is killed, one waits: ${title}`, waits([...both, setAndClear], { victim: 0 }));
    explores(`the one that sets is killed: ${title}`, waits([...both, setAndClear], { victim: 2 }));
  }
  explores('one unsubscribes, one waits', waits([leaver, waiter(blocking), set]));
});

finds(
  'a waiter reads the flag alone',
  { file: 'event.ts', text: '(value & 1) === 1 || value !== this.#from', instead: '(value & 1) === 1' },
  waits([waiter(blocking), setAndClear]),
  /began before/,
);
finds(
  'set() wakes one',
  {
    file: 'event.ts',
    text: 'this.wakeFlagged(word & FLAGS, Number.POSITIVE_INFINITY);',
    instead: 'this.wakeFlagged(word & FLAGS, 1);',
  },
  waits([waiter(blocking), waiter(blocking), set]),
  /began before/,
);
finds(
  'a change takes the flags away after it has looked at them',
  {
    file: 'event.ts',
    text: 'if (compareExchange(this.cells, WORD, word, (word + 1) & VALUE) !== word) continue;',
    instead: 'compareExchange(this.cells, WORD, load(this.cells, WORD), (word + 1) & VALUE);',
  },
  waits([waiter(observable), set]),
  /began before/,
);
