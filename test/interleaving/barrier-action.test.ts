import { describe } from 'vitest';
import { explores } from '../support/explorer/explores.js';
import { blocking, observable, titleOf } from '../support/explorer/faces.js';
import { action, allOrNone, both, inOrder, meet, party, twice } from '../support/explorer/parties.js';
import { partiesOfOneThread, passed } from '../support/explorer/together.js';

describe('a party that comes while the action runs sleeps until it has ended', () => {
  for (const faces of [
    [observable, blocking, blocking],
    [blocking, observable, observable],
    [blocking, blocking, blocking],
    [observable, observable, observable],
  ]) {
    const title = titleOf(faces);
    const all = faces.map((face) => party(face));
    explores(`two of three meet: ${title}`, meet(2, all, { preemptions: 1, action, atEnd: allOrNone(2) }));
    explores(
      `two of three meet, one is killed: ${title}`,
      meet(2, all, { preemptions: 0, victim: 1, action, atEnd: allOrNone(2) }),
    );
  }
  for (const face of [blocking, observable]) {
    explores(
      `one comes twice: ${face.name}`,
      meet(2, [twice(face), party(blocking), party(observable)], { preemptions: 1, action }),
    );
  }
});

describe('two waits of one thread may be of different rounds', () => {
  for (const face of [blocking, observable]) {
    explores(
      `one behind the other: ${face.name} the others`,
      meet(2, [both, party(face), party(blocking)], { preemptions: 1, action, atEnd: inOrder }),
    );
  }
  const threads = [partiesOfOneThread(observable, 2), party(blocking), party(blocking)];
  const bounds = { preemptions: 1, atEnd: passed(4) };
  explores('one at any time: without an action', meet(2, threads, bounds));
  explores('one at any time: with an action', meet(2, threads, { ...bounds, action }));
});
