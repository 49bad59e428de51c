import type { Barrier } from '../../../src/primitives/barrier.js';
import { VALUE } from '../../../src/primitives/memory/layout.js';
import { WAITING } from '../../../src/primitives/waiting/waiter-list.js';
import type { Asked } from './explores.js';
import { type Face, observable, once, subscribe } from './faces.js';
import { seeable } from './memory.js';
import type { End, Me, Program } from './scenario.js';
import { placesOf } from './waiters.js';

export interface Shared {
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
export const party = once((face: Face, timeout?: number): Program<Shared> => {
  return ({ barrier }, me) => face.wait(me, barrier, settling(me), timeout === undefined ? {} : { timeout });
});

/** Waits, and once through again. */
export const twice = once((face: Face): Program<Shared> => {
  return ({ barrier }, me) => {
    const settle = settling(me);
    face.wait(me, barrier, { ...settle, resolve: () => face.wait(me, barrier, settle, {}) }, {});
  };
});

/** Begins two waits, one behind the other. */
export const both: Program<Shared> = ({ barrier }, me) => {
  for (const which of ['first', 'second']) {
    const resolve = () => me.note(`passed ${which}`);
    observable.wait(me, barrier, { resolve, reject: (error) => me.fail(`${error}`) }, {});
  }
};

/** Of one thread's waits none is told before an earlier one; and whoever hangs is a party short. */
export function inOrder({ notes, stuck }: End): string | undefined {
  const passed = notes.flat().filter((note) => note.startsWith('passed'));
  const own = notes[0]?.filter((note) => note.startsWith('passed')).join();
  if (own === 'passed second') return `the later was told alone; notes: ${notes.join('; ')}`;
  return passed.length % 2 === 0 && stuck.length <= 1
    ? undefined
    : `notes: ${notes.join('; ')}, ${stuck.length} hang`;
}

/** Waits, and may be unsubscribed at any time. */
export const leaver: Program<Shared> = ({ barrier }, me) => {
  me.whenever('unsubscribes', subscribe(me, barrier.wait(), settling(me)));
};

export const resets: Program<Shared> = ({ barrier }) => barrier.reset();
export const aborts: Program<Shared> = ({ barrier }) => barrier.abort();

const nothing = seeable(
  () => {},
  'nothing',
  () => [],
);

/** So many parties; the action, when there is one, takes a step inside of a region that has room for one. */
export function meet(
  parties: number,
  threads: Program<Shared>[],
  more: Partial<Asked<Shared>> = {},
): Asked<Shared> {
  const { action } = more;
  return {
    shared: ({ Barrier }) => {
      const barrier = new Barrier(parties, action === undefined ? {} : { action: nothing });
      barrier.slots.sweep(() => {});
      return { barrier };
    },
    threads,
    regions: { action: 1 },
    mayStick: true,
    ...more,
  };
}

export function action(me: Me): void {
  me.note('acted');
  me.enter('action');
  me.exit('action');
}

/** Everybody passed, each with an index of its own, and the action ran at most once. */
export function allPassed({ notes, stuck }: End): string | undefined {
  const indices = notes.flat().filter((note) => note.startsWith('passed'));
  const expected = notes.map((_, index) => `passed ${index}`);
  if (stuck.length > 0 || indices.sort().join() !== expected.join()) return `notes: ${notes.join('; ')}`;
  return notes.flat().filter((note) => note === 'acted').length > 1 ? 'the action ran twice' : undefined;
}

/**
 * Of those alive, either all that are at the barrier together passed, or none; who hangs waits in a slot, and for
 * others that are not there.
 */
export function allOrNone(parties: number, leavers = 0): (end: End, shared: Shared) => string | undefined {
  return ({ notes, stuck, word, killed }, { barrier }) => {
    const passed = notes.flat().filter((note) => note.startsWith('passed'));
    const told = `notes: ${notes.join('; ')}`;
    if (new Set(passed).size < passed.length) return `an index came twice; ${told}`;
    // Who died or left may have been let through without noting it.
    if (passed.length > 0 && passed.length < parties - (killed === -1 ? leavers : 1))
      return `some passed; ${told}`;
    const waiting = placesOf(barrier.slots.table).filter(
      (at) => word(barrier.slots.table, at) === WAITING,
    ).length;
    if (waiting < stuck.length) return `${stuck.length} hang, ${waiting} of them in a slot; ${told}`;
    if (stuck.length >= parties) return `all parties hang; ${told}`;
    return undefined;
  };
}

/** Nobody waits for an action to end that ended with its thread. */
export function notActing(end: End, shared: Shared): string | undefined {
  const acting = (end.word(shared.barrier.cells, 0) & VALUE) === 1;
  if (end.stuck.length > 0 && acting) return `${end.stuck.length} hang; notes: ${end.notes.join('; ')}`;
  return allOrNone(2)(end, shared);
}

/** Once the action runs, time is up for nobody. */
export function actedMeansPassed(end: End, shared: Shared): string | undefined {
  const { notes } = end;
  if (notes.flat().includes('acted') && notes.flat().includes('broken'))
    return `acted; notes: ${notes.join('; ')}`;
  return allOrNone(2)(end, shared);
}
