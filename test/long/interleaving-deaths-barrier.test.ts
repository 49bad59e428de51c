import { describe } from 'vitest';
import { type Asked, explores } from '../support/explorer/explores.js';
import { type Face, mixes, titleOf, unlike } from '../support/explorer/faces.js';
import { action, allOrNone, meet, type Shared as Parties, party } from '../support/explorer/parties.js';

function barrier(parties: number, faces: Face[], more: Partial<Asked<Parties>>): Asked<Parties> {
  const threads = faces.map((face) => party(face));
  return meet(parties, threads, { atEnd: allOrNone(parties), ...more });
}

describe('3 threads, up to 2 preemptions, one killed', () => {
  for (const faces of mixes(3)) {
    for (const victim of unlike(faces)) {
      const title = `${titleOf(faces)}, T${victim + 1}`;
      for (const parties of [2, 3]) {
        const bounds = { preemptions: 2, victim };
        explores(`Barrier(${parties}): ${title}`, barrier(parties, faces, bounds));
        explores(
          `Barrier(${parties}) with an action: ${title}`,
          barrier(parties, faces, { ...bounds, action }),
        );
      }
    }
  }
});
