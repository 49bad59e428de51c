import { describe } from 'vitest';
import {
  waiter as eventWaiter,
  waits as eventWaits,
  set,
  setAndClear,
} from '../support/explorer/event-waiters.js';
import { type Asked, explores, finds, tries } from '../support/explorer/explores.js';
import { blocking, type Face, mixes, observable, titleOf } from '../support/explorer/faces.js';
import { exploresAll, type Family, families } from '../support/explorer/generate.js';
import { action, allOrNone, meet, type Shared as Parties, party } from '../support/explorer/parties.js';
import { moves, movesThereAndBack, other, pool, reusesBoth, worker } from '../support/explorer/sessions.js';
import { atMostOneLost, type Guarded, notFree, user } from '../support/explorer/users.js';
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

function barrier(parties: number, faces: Face[], more: Partial<Asked<Parties>>): Asked<Parties> {
  const threads = faces.map((face) => party(face));
  return meet(parties, threads, { atEnd: allOrNone(parties), ...more });
}

describe('3 threads, every interleaving, one killed', () => {
  for (const kind of ['Lock', 'RLock', 'Semaphore'] as const) {
    for (const faces of mixes(3)) {
      for (const victim of VICTIMS)
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
      for (const victim of VICTIMS) {
        const title = `an Event is ${name}: ${titleOf(faces)}, T${victim + 1} may die`;
        explores(title, eventWaits([...both, changes], { victim }));
      }
    }
  }
});

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

describe('3 threads, up to 2 preemptions, one killed', () => {
  for (const faces of mixes(3)) {
    for (const victim of VICTIMS) {
      const title = `${titleOf(faces)}, T${victim + 1}`;
      const bounds = { preemptions: 2, victim };
      explores(`Barrier(2): ${title}`, barrier(2, faces, bounds));
      explores(`Barrier(3): ${title}`, barrier(3, faces, bounds));
      explores(`Barrier(2) with an action: ${title}`, barrier(2, faces, { ...bounds, action }));
      explores(`Condition: ${title}`, killed([...faces], victim, 2));
    }
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

for (const family of families as readonly unknown[]) {
  const any = family as Family<object>;
  describe('2 threads, every interleaving, one killed', () => exploresAll(any, { threads: 2, kills: true }));
  describe('3 threads, up to 1 preemption', () => exploresAll(any, { threads: 3, preemptions: 1 }));
  describe('3 threads that wait where they must, one killed', () =>
    exploresAll(any, { threads: 3, preemptions: 0, kills: true }));
}
