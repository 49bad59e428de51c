import { describe } from 'vitest';
import { explores, finds } from '../support/explorer/explores.js';
import { blocking, type Face, mixes, observable, pairs, titleOf } from '../support/explorer/faces.js';
import {
  aborts,
  actedMeansPassed,
  action,
  allOrNone,
  allPassed,
  leaver,
  meet,
  notActing,
  party,
  resets,
} from '../support/explorer/parties.js';

describe('every interleaving of 2 threads', () => {
  for (const faces of mixes(2)) {
    const title = titleOf(faces);
    const both = faces.map((face) => party(face));
    explores(`meet: ${title}`, meet(2, both, { atEnd: allPassed }));
    explores(`meet, with an action: ${title}`, meet(2, both, { atEnd: allPassed, action }));
  }
  for (const faces of pairs() as [Face, Face][]) {
    const title = titleOf(faces);
    const [one, other] = faces;
    explores(
      `one breaks it or not: ${title}`,
      meet(2, [party(one, 30), party(other)], { atEnd: allOrNone(2) }),
    );
    explores(
      `one breaks it or not, with an action: ${title}`,
      meet(2, [party(one, 30), party(other)], { atEnd: allOrNone(2), action }),
    );
    explores(
      `one is killed, with an action: ${title}`,
      meet(2, [party(one), party(other)], { victim: 0, atEnd: notActing, action }),
    );
  }
  const two = [party(blocking), party(blocking)];
  explores('one is cancelled: blocking', meet(2, two, { cancels: 0, atEnd: allOrNone(2, 1) }));
  for (const face of [blocking, observable]) {
    explores(`one unsubscribes: ${face.name}`, meet(2, [leaver, party(face)], { atEnd: allOrNone(2, 1) }));
  }
});

describe('3 threads, up to 2 preemptions', () => {
  for (const faces of mixes(3)) {
    const title = titleOf(faces);
    const all = faces.map((face) => party(face));
    explores(`meet: ${title}`, meet(3, all, { preemptions: 2, atEnd: allPassed }));
    explores(`meet, with an action: ${title}`, meet(3, all, { preemptions: 1, atEnd: allPassed, action }));
    explores(
      `one breaks it or not: ${title}`,
      meet(3, [party(faces[0]!, 30), ...all.slice(1)], { preemptions: 1, atEnd: allOrNone(3) }),
    );
  }
  for (const faces of mixes(2)) {
    const title = titleOf(faces);
    const both = faces.map((face) => party(face));
    explores(
      `two meet, one resets: ${title}`,
      meet(2, [...both, resets], { preemptions: 2, atEnd: allOrNone(2) }),
    );
    explores(
      `two meet, one aborts: ${title}`,
      meet(2, [...both, aborts], { preemptions: 2, atEnd: allOrNone(2) }),
    );
  }
  explores(
    'one unsubscribes, two others',
    meet(2, [leaver, party(blocking), party(observable)], { preemptions: 2, atEnd: allOrNone(2, 1) }),
  );
});

describe('3 threads that wait for each other only where they must, one killed', () => {
  for (const first of [blocking, observable]) {
    const all = [first, blocking, blocking].map((face) => party(face));
    const killed = { preemptions: 0, victim: 0 };
    explores(`three meet: ${first.name} the one`, meet(3, all, { ...killed, atEnd: allOrNone(3) }));
    explores(`two of them meet: ${first.name} the one`, meet(2, all, { ...killed, atEnd: allOrNone(2) }));
  }
});

const three = meet(3, [party(blocking), party(blocking), party(blocking)], {
  preemptions: 0,
  victim: 0,
  atEnd: allOrNone(3),
});

finds(
  'nobody goes on telling when the last to arrive died at it',
  { file: 'barrier-rounds.ts', text: '(): void => this.#goOnTelling()', instead: '(): void => {}' },
  three,
  /hang|some passed/,
);
finds(
  'those told by whoever goes on begin with the first index again',
  {
    file: 'barrier-rounds.ts',
    text: 'let index = this.parties - 1 - this.slots.count;',
    instead: 'let index = 0;',
  },
  three,
  /index came twice/,
);
finds(
  'the last to arrive wakes nobody',
  { file: 'waiter-list.ts', text: 'this.#settled.push(slot);', instead: '' },
  meet(2, [party(blocking), party(blocking)], { atEnd: allPassed }),
  /notes/,
);
finds(
  'a dead actor is waited for',
  {
    file: 'barrier-rounds.ts',
    text: 'if (this.#state === ACTING && !this.#actorLives()) this.#break();',
    instead: '',
  },
  meet(2, [party(blocking), party(blocking)], { victim: 0, atEnd: notActing, action }),
  /hang/,
);
finds(
  'a barrier is broken by a timeout during the action',
  {
    file: 'barrier-rounds.ts',
    text: 'this.slots.state(slot) === WAITING && this.#state === FILLING) this.#break();',
    instead: 'this.slots.state(slot) === WAITING) this.#break();',
  },
  meet(2, [party(blocking, 30), party(blocking)], { atEnd: actedMeansPassed, action }),
  /acted/,
);
