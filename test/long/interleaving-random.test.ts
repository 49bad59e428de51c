import { describe } from 'vitest';
import { type Asked, tries } from '../support/explorer/explores.js';
import { blocking, mixes, observable, titleOf } from '../support/explorer/faces.js';
import { action, allOrNone, meet, party } from '../support/explorer/parties.js';
import {
  killed,
  noneTwice,
  notifier,
  passedOn,
  type Shared as Waiters,
  waiter,
  waits,
  wasOver,
} from '../support/explorer/waiters.js';

/** Each thread of three in turn. */
const VICTIMS = [0, 1, 2];

describe('a Condition and 4 threads, two killed', () => {
  for (const face of [blocking, observable]) {
    const threads = [waiter(face), waiter(blocking), waiter(blocking), notifier(blocking, 1)];
    tries(
      `the one that was told, and the one that finds that: ${face.name}`,
      waits(threads, { victims: [0, 1], atEnd: passedOn, atDeath: wasOver }),
      4000,
    );
  }
});

// Of each primitive 100,000 in all.
describe('3 threads, one killed', () => {
  for (const faces of mixes(3)) {
    const title = titleOf(faces);
    const threads = faces.map((face) => party(face));
    for (const victim of VICTIMS) {
      const waiters: Asked<Waiters> = { ...killed([...faces], victim), atEnd: noneTwice };
      tries(`Condition: ${title}, T${victim + 1} may die`, waiters, 8400);
      tries(
        `Barrier(2): ${title}, T${victim + 1} may die`,
        meet(2, threads, { victim, action, atEnd: allOrNone(2) }),
        8400,
      );
    }
  }
});
