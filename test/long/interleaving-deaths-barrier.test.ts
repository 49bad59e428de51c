import { describe } from 'vitest';
import { type Asked, explores, finds, tries } from '../support/explorer/explores.js';
import { blocking, type Face, mixes, observable, titleOf, unlike } from '../support/explorer/faces.js';
import { action, allOrNone, meet, type Shared as Parties, party } from '../support/explorer/parties.js';
import {
  killed,
  leaver,
  noneTwice,
  notifier,
  passedOn,
  type Shared as Waiters,
  waiter,
  waits,
} from '../support/explorer/waiters.js';

/** Each thread of three in turn. */
const VICTIMS = [0, 1, 2];

function barrier(parties: number, faces: Face[], more: Partial<Asked<Parties>>): Asked<Parties> {
  const threads = faces.map((face) => party(face));
  return meet(parties, threads, { atEnd: allOrNone(parties), ...more });
}

describe('a Condition and 4 threads, two killed', () => {
  for (const face of [blocking, observable]) {
    const threads = [waiter(face), waiter(blocking), waiter(blocking), notifier(blocking, 1)];
    tries(
      `the one that was told, and the one that finds that: ${face.name}`,
      waits(threads, { victims: [0, 1], atEnd: passedOn }),
      4000,
    );
  }
});

finds(
  'who passes a notification on and dies at that is not followed',
  {
    file: 'condition-waiters.ts',
    text: 'const recover = (): void => this.#goOnPassing();',
    instead: 'const recover = (): void => {};',
  },
  waits([leaver, waiter(blocking), waiter(blocking), notifier(blocking, 1)], {
    preemptions: 0,
    victim: 0,
    atEnd: passedOn,
  }),
  /2 were told/,
);

describe('3 threads, up to 2 preemptions, one killed', () => {
  for (const faces of mixes(3)) {
    for (const victim of unlike(faces)) {
      const title = `${titleOf(faces)}, T${victim + 1}`;
      const bounds = { preemptions: 2, victim };
      explores(`Barrier(2): ${title}`, barrier(2, faces, bounds));
      explores(`Barrier(3): ${title}`, barrier(3, faces, bounds));
      explores(`Barrier(2) with an action: ${title}`, barrier(2, faces, { ...bounds, action }));
    }
    // The last one notifies.
    for (const victim of unlike(faces.slice(0, -1), 1))
      explores(`Condition: ${titleOf(faces)}, T${victim + 1}`, killed([...faces], victim, 2));
  }
});

// Of each primitive 100,000 in all.
describe('3 threads, one killed', () => {
  for (const faces of mixes(3)) {
    const title = titleOf(faces);
    for (const victim of VICTIMS) {
      const waiters: Asked<Waiters> = { ...killed([...faces], victim), atEnd: noneTwice };
      tries(`Condition: ${title}, T${victim + 1} may die`, waiters, 8400);
      tries(`Barrier(2): ${title}, T${victim + 1} may die`, barrier(2, faces, { victim, action }), 8400);
    }
  }
});
