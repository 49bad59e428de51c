import { describe } from 'vitest';
import type { Barrier } from '../../src/primitives/barrier.js';
import { VALUE } from '../../src/primitives/memory/layout.js';
import { WAITING } from '../../src/primitives/waiting/waiter-list.js';
import { type Asked, explores, finds } from '../support/explorer/explores.js';
import {
  blocking,
  type Face,
  mixes,
  observable,
  pairs,
  subscribe,
  titleOf,
} from '../support/explorer/faces.js';
import type { End, Me, Program } from '../support/explorer/scenario.js';

interface Shared {
  readonly barrier: Barrier;
}

const settling = (me: Me) => ({
  resolve: (index: unknown) => me.note(`passed ${index}`),
  reject: (error: unknown) => {
    if ((error as Error).name === 'BrokenBarrierError') me.note('broken');
    else if ((error as Error).message === 'cancelled') me.note('cancelled');
    else me.fail(`${error}`);
  },
});

/** Waits once. */
function party(face: Face, timeout?: number): Program<Shared> {
  return ({ barrier }, me) => face.wait(me, barrier, settling(me), timeout === undefined ? {} : { timeout });
}

/** Waits, and once through again. */
function twice(face: Face): Program<Shared> {
  return ({ barrier }, me) => {
    const settle = settling(me);
    face.wait(me, barrier, { ...settle, resolve: () => face.wait(me, barrier, settle, {}) }, {});
  };
}

/** Begins two waits, one behind the other. */
const both: Program<Shared> = ({ barrier }, me) => {
  for (const which of ['first', 'second']) {
    const resolve = () => me.note(`passed ${which}`);
    observable.wait(me, barrier, { resolve, reject: (error) => me.fail(`${error}`) }, {});
  }
};

/** Waits, and may be unsubscribed at any time. */
const leaver: Program<Shared> = ({ barrier }, me) => {
  me.whenever('unsubscribes', subscribe(me, barrier.wait(), settling(me)));
};

const resets: Program<Shared> = ({ barrier }) => barrier.reset();
const aborts: Program<Shared> = ({ barrier }) => barrier.abort();

/** So many parties; the action, when there is one, takes a step inside of a region that has room for one. */
function meet(parties: number, threads: Program<Shared>[], more: Partial<Asked<Shared>> = {}): Asked<Shared> {
  const { action } = more;
  return {
    shared: ({ Barrier }) => {
      const barrier = new Barrier(parties, action === undefined ? {} : { action: () => {} });
      barrier.slots.sweep(() => {});
      return { barrier };
    },
    threads,
    regions: { action: 1 },
    mayStick: true,
    ...more,
  };
}

function action(me: Me): void {
  me.note('acted');
  me.enter('action');
  me.exit('action');
}

/** Everybody passed, each with an index of its own, and the action ran at most once. */
function allPassed({ notes, stuck }: End): string | undefined {
  const indices = notes.flat().filter((note) => note.startsWith('passed'));
  const expected = notes.map((_, index) => `passed ${index}`);
  if (stuck.length > 0 || indices.sort().join() !== expected.join()) return `notes: ${notes.join('; ')}`;
  return notes.flat().filter((note) => note === 'acted').length > 1 ? 'the action ran twice' : undefined;
}

/**
 * Of those alive, either all that are at the barrier together passed, or none; who hangs waits in a slot, and for
 * others that are not there.
 */
function allOrNone(parties: number, leavers = 0): (end: End, shared: Shared) => string | undefined {
  return ({ notes, stuck, word, killed }, { barrier }) => {
    const passed = notes.flat().filter((note) => note.startsWith('passed'));
    const told = `notes: ${notes.join('; ')}`;
    if (new Set(passed).size < passed.length) return `an index came twice; ${told}`;
    // Who died or left may have been let through without noting it.
    if (passed.length > 0 && passed.length < parties - (killed === -1 ? leavers : 1))
      return `some passed; ${told}`;
    const waiting = [1, 2, 3, 4].filter((slot) => word(barrier.slots.table, slot * 8) === WAITING).length;
    if (waiting < stuck.length) return `${stuck.length} hang, ${waiting} of them in a slot; ${told}`;
    if (stuck.length >= parties) return `all parties hang; ${told}`;
    return undefined;
  };
}

/** Of one thread's waits none is told before an earlier one; and whoever hangs is a party short. */
function inOrder({ notes, stuck }: End): string | undefined {
  const passed = notes.flat().filter((note) => note.startsWith('passed'));
  const own = notes[0]?.filter((note) => note.startsWith('passed')).join();
  if (own === 'passed second') return `the later was told alone; notes: ${notes.join('; ')}`;
  return passed.length % 2 === 0 && stuck.length <= 1
    ? undefined
    : `notes: ${notes.join('; ')}, ${stuck.length} hang`;
}

/** Nobody waits for an action to end that ended with its thread. */
function notActing(end: End, shared: Shared): string | undefined {
  const acting = (end.word(shared.barrier.cells, 0) & VALUE) === 1;
  if (end.stuck.length > 0 && acting) return `${end.stuck.length} hang; notes: ${end.notes.join('; ')}`;
  return allOrNone(2)(end, shared);
}

/** Once the action runs, time is up for nobody. */
function actedMeansPassed(end: End, shared: Shared): string | undefined {
  const { notes } = end;
  if (notes.flat().includes('acted') && notes.flat().includes('broken'))
    return `acted; notes: ${notes.join('; ')}`;
  return allOrNone(2)(end, shared);
}

describe('every interleaving of 2 threads', () => {
  for (const faces of mixes(2)) {
    const title = titleOf(faces);
    const both = faces.map((face) => party(face));
    explores(`meet: ${title}`, meet(2, both, { atEnd: allPassed }));
    explores(`meet, with an action: ${title}`, meet(2, both, { atEnd: allPassed, action }));
  }
  for (const faces of pairs() as [Face, Face][]) {
    const title = titleOf(faces);
    const [one, other] = faces;
    explores(
      `one breaks it or not: ${title}`,
      meet(2, [party(one, 30), party(other)], { atEnd: allOrNone(2) }),
    );
    explores(
      `one breaks it or not, with an action: ${title}`,
      meet(2, [party(one, 30), party(other)], { atEnd: allOrNone(2), action }),
    );
    explores(
      `one is killed, with an action: ${title}`,
      meet(2, [party(one), party(other)], { victim: 0, atEnd: notActing, action }),
    );
  }
  const two = [party(blocking), party(blocking)];
  explores('one is cancelled: blocking', meet(2, two, { cancels: 0, atEnd: allOrNone(2, 1) }));
  for (const face of [blocking, observable]) {
    explores(`one unsubscribes: ${face.name}`, meet(2, [leaver, party(face)], { atEnd: allOrNone(2, 1) }));
  }
});

describe('3 threads, up to 2 preemptions', () => {
  for (const faces of mixes(3)) {
    const title = titleOf(faces);
    const all = faces.map((face) => party(face));
    explores(`meet: ${title}`, meet(3, all, { preemptions: 2, atEnd: allPassed }));
    explores(`meet, with an action: ${title}`, meet(3, all, { preemptions: 1, atEnd: allPassed, action }));
    explores(
      `one breaks it or not: ${title}`,
      meet(3, [party(faces[0]!, 30), ...all.slice(1)], { preemptions: 1, atEnd: allOrNone(3) }),
    );
  }
  for (const faces of mixes(2)) {
    const title = titleOf(faces);
    const both = faces.map((face) => party(face));
    explores(
      `two meet, one resets: ${title}`,
      meet(2, [...both, resets], { preemptions: 2, atEnd: allOrNone(2) }),
    );
    explores(
      `two meet, one aborts: ${title}`,
      meet(2, [...both, aborts], { preemptions: 2, atEnd: allOrNone(2) }),
    );
  }
  explores(
    'one unsubscribes, two others',
    meet(2, [leaver, party(blocking), party(observable)], { preemptions: 2, atEnd: allOrNone(2, 1) }),
  );
});

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
      meet(2, [twice(face), party(blocking), party(observable)], { preemptions: 1, action, apart: 'idle' }),
    );
    explores(
      `two waits of one thread: ${face.name} the others`,
      meet(2, [both, party(face), party(blocking)], { preemptions: 1, action, atEnd: inOrder }),
    );
  }
});

describe('3 threads that wait for each other only where they must, one killed', () => {
  for (const first of [blocking, observable]) {
    const all = [first, blocking, blocking].map((face) => party(face));
    const killed = { preemptions: 0, victim: 0 };
    explores(`three meet: ${first.name} the one`, meet(3, all, { ...killed, atEnd: allOrNone(3) }));
    explores(`two of them meet: ${first.name} the one`, meet(2, all, { ...killed, atEnd: allOrNone(2) }));
  }
});

const three = meet(3, [party(blocking), party(blocking), party(blocking)], {
  preemptions: 0,
  victim: 0,
  atEnd: allOrNone(3),
});

finds(
  'nobody goes on telling when the last to arrive died at it',
  { file: 'barrier-rounds.ts', text: '(): void => this.#goOnTelling()', instead: '(): void => {}' },
  three,
  /hang|some passed/,
);
finds(
  'those told by whoever goes on begin with the first index again',
  {
    file: 'barrier-rounds.ts',
    text: 'let index = this.parties - 1 - this.slots.count;',
    instead: 'let index = 0;',
  },
  three,
  /index came twice/,
);
finds(
  'the last to arrive wakes nobody',
  { file: 'waiter-list.ts', text: 'this.#settled.push(slot);', instead: '' },
  meet(2, [party(blocking), party(blocking)], { atEnd: allPassed }),
  /notes/,
);
finds(
  'a dead actor is waited for',
  {
    file: 'barrier-rounds.ts',
    text: 'if (this.#state === ACTING && !this.#actorLives()) this.#break();',
    instead: '',
  },
  meet(2, [party(blocking), party(blocking)], { victim: 0, atEnd: notActing, action }),
  /hang/,
);
finds(
  'a barrier is broken by a timeout during the action',
  {
    file: 'barrier-rounds.ts',
    text: 'this.slots.state(slot) === WAITING && this.#state === FILLING) this.#break();',
    instead: 'this.slots.state(slot) === WAITING) this.#break();',
  },
  meet(2, [party(blocking, 30), party(blocking)], { atEnd: actedMeansPassed, action }),
  /acted/,
);
