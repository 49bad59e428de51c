import { describe } from 'vitest';
import { type Asked, explores } from '../support/explorer/explores.js';
import { type Face, mixes, titleOf, unlike } from '../support/explorer/faces.js';
import { action, allOrNone, meet, type Shared as Parties, party } from '../support/explorer/parties.js';

function barrier(parties: number, faces: Face[], more: Partial<Asked<Parties>>): Asked<Parties> {
  const threads = faces.map((face) => party(face));
  return meet(parties, threads, { atEnd: allOrNone(parties), ...more });
}

describe('3 threads, one killed', () => {
  for (const faces of mixes(3)) {
    for (const victim of unlike(faces)) {
      const title = `${titleOf(faces)}, T${victim + 1}`;
      const bounds = { preemptions: 2, victim };
      explores(`Barrier(2), up to 2 preemptions: ${title}`, barrier(2, faces, bounds));
      explores(
        `Barrier(2) with an action, up to 2 preemptions: ${title}`,
        barrier(2, faces, { ...bounds, action }),
      );
      explores(`Barrier(3), up to 1 preemption: ${title}`, barrier(3, faces, { ...bounds, preemptions: 1 }));
    }
  }
});
