import { describe } from 'vitest';
import { cancelled, kinds } from '../support/explorer/cancelled.js';
import {
  waiter as eventWaiter,
  waits as eventWaits,
  set,
  setAndClear,
} from '../support/explorer/event-waiters.js';
import { type Asked, explores } from '../support/explorer/explores.js';
import { blocking, type Face, mixes, titleOf, unlike } from '../support/explorer/faces.js';
import { worker as begun, MAIN, starter, successor, table } from '../support/explorer/life-cycle.js';
import { moves, movesThereAndBack, other, pool, reusesBoth, worker } from '../support/explorer/sessions.js';
import { looker, mainTracer, nobodyTraces, tracer } from '../support/explorer/tracers.js';
import { atMostOneLost, type Guarded, impatient, notFree, user } from '../support/explorer/users.js';

function guarded(kind: 'Lock' | 'RLock' | 'Semaphore', faces: Face[]): Asked<Guarded> {
  const shared: Asked<Guarded>['shared'] = (primitives) =>
    kind === 'Semaphore' ? { guard: new primitives.Semaphore(2) } : { guard: new primitives[kind]() };
  return {
    shared,
    threads: faces.map((face) => user(face)),
    regions: { inside: kind === 'Semaphore' ? 2 : 1 },
    ...(kind === 'Semaphore' ? { atEnd: atMostOneLost } : { atEnd: notFree }),
  };
}

describe('3 threads, every interleaving, one killed', () => {
  for (const kind of ['Lock', 'RLock', 'Semaphore'] as const) {
    for (const faces of mixes(3)) {
      for (const victim of unlike(faces))
        explores(`${kind}: ${titleOf(faces)}, T${victim + 1}`, { ...guarded(kind, faces), victim });
    }
  }
});

describe('3 threads, every interleaving', () => {
  for (const faces of mixes(2)) {
    const both = faces.map((face) => eventWaiter(face));
    for (const [name, changes] of [
      ['set', set],
      ['set and cleared', setAndClear],
    ] as const) {
      for (const victim of unlike(faces, 1)) {
        const title = `an Event is ${name}: ${titleOf(faces)}, T${victim + 1} may die`;
        explores(title, eventWaits([...both, changes], { victim }));
      }
    }
  }
});

explores('every interleaving of a Lock that one takes three times, and another gives up, while 12 ms pass', {
  ...guarded('Lock', []),
  threads: [user(blocking, 3), impatient(blocking)],
  jumps: 1,
});

for (const kind of kinds.filter(({ name }) => name === 'Barrier'))
  explores('every interleaving of a cancel and a wait at a Barrier that may end by itself', cancelled(kind));

describe("every interleaving of a pool's starter and two workers", () => {
  for (const [dies, more] of [
    ['', {}],
    [', or its worker dies', { victim: 1 }],
    [', whose worker dies', { victim: 2 }],
  ] as const) {
    if (dies !== ', whose worker dies')
      explores(`words are offered again in a ring${dies}`, pool(2, [reusesBoth, worker], more));
    explores(`a job goes to another session${dies}`, pool(1, [moves, worker, other], more));
    explores(`a job goes there and back${dies}`, pool(1, [movesThereAndBack, worker, other], more));
  }
});

describe('the table of threads, up to 2 preemptions', () => {
  explores(
    'a slot comes back when its worker dies',
    table([MAIN, 0, 1], [successor, starter(2), begun], { victim: 2, preemptions: 2 }),
  );
  explores(
    'a worker traces and dies, and main for a while',
    table([MAIN, 0, MAIN], [looker(1), tracer, mainTracer], {
      atEnd: nobodyTraces,
      preemptions: 2,
      victim: 1,
    }),
  );
});
