import { tries } from '../support/explorer/explores.js';
import { blocking, observable } from '../support/explorer/faces.js';
import { action, allOrNone, meet, party } from '../support/explorer/parties.js';
import { killed, noneTwice } from '../support/explorer/waiters.js';

// As many as there is time for; see test/long/interleaving-deaths.test.ts for more.
const faces = [observable, blocking, blocking];
const parties = faces.map((face) => party(face));

for (const victim of [0, 2]) {
  tries(
    `a Condition and 3 threads, T${victim + 1} may die`,
    { ...killed(faces, victim), atEnd: noneTwice },
    150,
  );
  tries(
    `a Barrier of 3 and 3 threads, T${victim + 1} may die`,
    meet(3, parties, { victim, atEnd: allOrNone(3) }),
    150,
  );
}
tries(
  'a Barrier of 2 with an action and 3 threads, one of which may die',
  meet(2, parties, { victim: 0, action, atEnd: allOrNone(2) }),
  150,
);
