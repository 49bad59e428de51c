import { describe } from 'vitest';
import { explores, finds } from '../support/explorer/explores.js';
import { blocking, type Face, mixes, observable, pairs, titleOf } from '../support/explorer/faces.js';
import {
  exactly,
  killed,
  leaver,
  nester,
  noneLost,
  nothingLeft,
  notifier,
  passedOn,
  robbed,
  robber,
  waiter,
  waits,
  waitsNested,
} from '../support/explorer/waiters.js';

describe('every interleaving of 2 threads', () => {
  for (const [one, other] of pairs() as [Face, Face][]) {
    const title = titleOf([one, other]);
    const both = [waiter(one), notifier(other, 1)];
    explores(`one waits, one notifies: ${title}`, waits(both, { atEnd: exactly(1) }));
    explores(
      `one waits with an RLock held twice, one notifies: ${title}`,
      waitsNested([nester(one), notifier(other, 1)], { atEnd: exactly(1) }),
    );
    explores(
      `one waits or gives up, one notifies: ${title}`,
      waits([waiter(one, 30), notifier(other, 1)], { atEnd: noneLost }),
    );
  }
  for (const face of [blocking, observable]) {
    explores(
      `one waits, one releases the lock of that one: ${titleOf([face])}`,
      waits([robbed(face), robber], { atEnd: nothingLeft }),
    );
  }
  explores('one waits and is killed, one notifies: blocking', killed([blocking, blocking], 0));
  explores('one waits, one notifies and is killed: blocking', killed([blocking, blocking], 1));
  explores('one unsubscribes, one notifies', waits([leaver, notifier(blocking, 1)], { atEnd: noneLost }));
});

/** Each waiter but the first needs a range of slots more. */
const growing = [{ file: 'waiter-list.ts', text: 'FIRST_SLOTS = 8;', instead: 'FIRST_SLOTS = 1;' }];

describe('slots that grow', () => {
  const threads = [waiter(blocking), waiter(observable), notifier(blocking, 2)];
  explores(
    'two wait, one notifies both',
    waits(threads, { plants: growing, preemptions: 1, atEnd: exactly(2) }),
  );
  explores('two wait, the first is killed', {
    ...killed([blocking, blocking, blocking], 0, 0),
    plants: growing,
  });
});

describe('2 threads, up to 2 preemptions', () => {
  for (const faces of pairs() as [Face, Face][]) {
    const title = titleOf(faces);
    explores(`one waits and is killed, one notifies: ${title}`, killed(faces, 0, 2));
    explores(`one waits, one notifies and is killed: ${title}`, killed(faces, 1, 2));
  }
});

describe('3 threads, up to 1 preemption', () => {
  for (const [one, other] of mixes(2) as [Face, Face][]) {
    const title = titleOf([one, other]);
    for (const n of [1, 2]) {
      const threads = [waiter(one), waiter(other), notifier(n === 1 ? one : other, n)];
      explores(
        `two wait, one notifies ${n}: ${title}`,
        waits(threads, { preemptions: 1, atEnd: exactly(n) }),
      );
    }
    explores(
      `one waits or gives up, one waits, one notifies: ${title}`,
      waits([waiter(one, 30), waiter(other), notifier(blocking, 1)], { preemptions: 1, atEnd: noneLost }),
    );
  }
  explores(
    'one unsubscribes, one waits, one notifies',
    waits([leaver, waiter(blocking), notifier(blocking, 1)], { preemptions: 1, atEnd: noneLost }),
  );
});

describe('3 threads that wait for each other only where they must, one killed', () => {
  for (const faces of mixes(2).slice(0, 2) as [Face, Face][]) {
    const title = titleOf(faces);
    explores(`two wait, the first is killed: ${title}`, killed([...faces, blocking], 0, 0));
    explores(`two wait, the one that notifies is killed: ${title}`, killed([...faces, blocking], 2, 0));
  }
});

const leftByADeadOne = waits([leaver, waiter(blocking), notifier(blocking, 1)], {
  preemptions: 0,
  victim: 0,
  atEnd: passedOn,
});

describe('a notification that one gives up goes to the next', () => {
  explores('though it dies at that', leftByADeadOne);
});

finds(
  'a slot is given back before its notification is passed on',
  {
    file: 'condition-waiters.ts',
    text: 'this.#waiters.leave(this.#slot);',
    instead: 'if (!this.expire()) return; this.end(); this.#waiters.notify(1);',
  },
  leftByADeadOne,
  /none was told/,
);
const oneOfTwo = waits([waiter(blocking), waiter(blocking), notifier(blocking, 1)], {
  preemptions: 0,
  atEnd: exactly(1),
});

finds(
  'notify wakes the last that came',
  {
    file: 'waiter-list.ts',
    text: 'return load(this.#cells, HEAD);',
    instead: 'return load(this.#cells, TAIL);',
  },
  oneOfTwo,
  /came/,
);
finds(
  'notify tells, but wakes nobody',
  { file: 'waiter-list.ts', text: 'this.#settled.push(slot);', instead: '' },
  oneOfTwo,
  /came/,
);
finds(
  'notify tells agents nothing',
  {
    file: 'condition-waiters.ts',
    text: 'this.#of.wakeFlagged(and(this.#of.cells, WORD, ~FLAGS) & FLAGS, 0);',
    instead: '',
  },
  waits([waiter(observable), notifier(blocking, 1)], { atEnd: exactly(1) }),
  /came/,
);
finds(
  'a notification that a dead one did not read goes to nobody',
  {
    file: 'condition-waiters.ts',
    text: 'else if (this.#passOn(slot)) passed = true;',
    instead: 'else this.slots.free(slot);',
  },
  killed([blocking, blocking, blocking], 0, 0),
  /notified/,
);
finds(
  'one that leaves when it was notified keeps that for itself',
  {
    file: 'condition-waiters.ts',
    text: 'else passed = this.#passOn(slot);',
    instead: 'else this.slots.free(slot);',
  },
  waits([leaver, waiter(blocking), notifier(blocking, 1)], { preemptions: 1, atEnd: noneLost }),
  /notified/,
);
finds(
  'one whose lock somebody else has released keeps its slot',
  { file: 'condition-waiters.ts', text: 'this.leave();\n      throw error;', instead: 'throw error;' },
  waits([robbed(blocking), robber], { atEnd: nothingLeft }),
  /slot was not given back/,
);
finds(
  'slots are not rebuilt when one died in the section',
  { file: 'waiter-list.ts', text: 'this.#rebuild();\n        this.#recover();', instead: '' },
  killed([blocking, blocking, blocking], 0, 0),
  /notified|slot|Error/,
);
finds(
  'the depth of an RLock is not restored',
  { file: 'rlock.ts', text: 'extra + depth - 1', instead: '0' },
  waitsNested([nester(blocking), notifier(blocking, 1)], { atEnd: exactly(1) }),
  /held 1 times/,
);
