import { describe } from 'vitest';
import { explores, finds } from '../support/explorer/explores.js';
import { blocking, mixes, titleOf, unlike } from '../support/explorer/faces.js';
import { killed, leaver, notifier, passedOn, waiter, waits } from '../support/explorer/waiters.js';

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
