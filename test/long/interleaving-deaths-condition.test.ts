import { describe } from 'vitest';
import { explores, finds } from '../support/explorer/explores.js';
import { blocking, mixes, observable, titleOf, unlike } from '../support/explorer/faces.js';
import { killed, leaver, notifier, passedOn, waiter, waits, wasOver } from '../support/explorer/waiters.js';

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
    // The last one notifies.
    for (const victim of unlike(faces.slice(0, -1), 1))
      explores(`Condition: ${titleOf(faces)}, T${victim + 1}`, killed([...faces], victim, 2));
  }
});

const notifies = notifier(blocking, 1);
const judged = { atEnd: passedOn, atDeath: wasOver };

describe('two killed', () => {
  for (const face of [blocking, observable]) {
    for (const victims of [
      [0, 1],
      [0, 2],
      [1, 2],
    ]) {
      const dead = `T${victims.map((thread) => thread + 1).join(' and T')}`;
      explores(
        `Condition and 3 threads, up to 1 preemption: ${face.name} the first, ${dead}`,
        waits([waiter(face), waiter(blocking), notifies], { ...judged, preemptions: 1, victims }),
      );
    }
    for (const victims of [
      [0, 1],
      [0, 3],
      [1, 2],
      [1, 3],
    ]) {
      const dead = `T${victims.map((thread) => thread + 1).join(' and T')}`;
      explores(
        `Condition and 4 threads that wait where they must: ${face.name} the first, ${dead}`,
        waits([waiter(face), waiter(blocking), waiter(blocking), notifies], {
          ...judged,
          preemptions: 0,
          victims,
        }),
      );
    }
  }
});

finds(
  'the slot of a dead one is free before the next is told, and who does that dies in between',
  {
    file: 'condition-waiters.ts',
    text: 'if (to !== 0 && this.slots.state(to) === WAITING) this.slots.settle(to, NOTIFIED);',
    instead: `if (this.slots.state(from) === EMPTY) return;
    this.slots.free(from);
    if (to !== 0 && this.slots.state(to) === WAITING) this.slots.settle(to, NOTIFIED);`,
  },
  waits([waiter(blocking), waiter(blocking), waiter(blocking), notifies], {
    ...judged,
    preemptions: 0,
    victims: [0, 1],
  }),
  /none was told/,
);
