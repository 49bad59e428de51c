import { describe } from 'vitest';
import { explores } from '../support/explorer/explores.js';
import { blocking, observable, titleOf } from '../support/explorer/faces.js';
import { action, allOrNone, meet, party } from '../support/explorer/parties.js';
import { partiesOfOneThread, passed } from '../support/explorer/together.js';

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

describe('two waits of one thread may be of different rounds', () => {
  const threads = [partiesOfOneThread(observable, 2), party(blocking), party(blocking)];
  const bounds = { preemptions: 1, atEnd: passed(4) };
  explores('without an action', meet(2, threads, bounds));
  explores('with an action', meet(2, threads, { ...bounds, action }));
});
