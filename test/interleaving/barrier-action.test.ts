import { describe } from 'vitest';
import { explores } from '../support/explorer/explores.js';
import { blocking, observable, titleOf } from '../support/explorer/faces.js';
import { action, allOrNone, meet, party } from '../support/explorer/parties.js';

describe('who arrives while the action of a Barrier runs sleeps until it has ended', () => {
  for (const faces of [
    [observable, blocking, blocking],
    [blocking, blocking, blocking],
  ]) {
    const parties = faces.map((face) => party(face));
    explores(
      `2 of 3 meet: ${titleOf(faces)}`,
      meet(2, parties, { preemptions: 1, atEnd: allOrNone(2), action }),
    );
  }
});
