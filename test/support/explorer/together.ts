import type { Barrier } from '../../../src/primitives/barrier.js';
import type { Condition } from '../../../src/primitives/condition.js';
import type { Event } from '../../../src/primitives/event.js';
import type { Lock } from '../../../src/primitives/lock.js';
import type { Cells } from '../../../src/primitives/memory/word.js';
import type { Face } from './faces.js';
import type { Me, Program } from './scenario.js';

/** Two Locks, and an Event beside a Condition. */
export interface Several {
  readonly first: Lock;
  readonly second: Lock;
  readonly event: Event;
}

/** Takes both, in that order, and gives them back. */
export function takesBoth(face: Face, outer: 'first' | 'second'): Program<Several> {
  const inner = outer === 'first' ? 'second' : 'first';
  return (shared, me) => {
    const reject = (error: unknown): void => me.fail(`${error}`);
    const both = (): void => {
      me.enter('inside');
      me.exit('inside');
      shared[inner].release();
      shared[outer].release();
    };
    const one = (): void => face.acquire(me, shared[inner], { resolve: both, reject });
    face.acquire(me, shared[outer], { resolve: one, reject });
  };
}

/** Sets the event with a lock held, that the other needs to go on. */
export function setsHolding(face: Face): Program<Several> {
  return ({ first, event }, me) => {
    const resolve = (): void => {
      event.set();
      first.release();
    };
    face.acquire(me, first, { resolve, reject: (error) => me.fail(`${error}`) });
  };
}

export function waitsThenTakes(face: Face): Program<Several> {
  return ({ first, event }, me) => {
    const reject = (error: unknown): void => me.fail(`${error}`);
    const taken = (): void => {
      me.note('taken');
      first.release();
    };
    const set = (): void => face.acquire(me, first, { resolve: taken, reject });
    face.wait(me, event, { resolve: set, reject });
  };
}

/** A buffer with room for one, with a Condition for each of its two states over one Lock. */
export interface Buffer {
  readonly lock: Lock;
  readonly full: Condition;
  readonly empty: Condition;
  readonly count: Cells;
}

/** Puts in or takes out, so many times, waiting while it cannot. */
export function moves(face: Face, by: 1 | -1, times: number): Program<Buffer> {
  return ({ lock, full, empty, count }, me, { add, load }) => {
    const reject = (error: unknown): void => me.fail(`${error}`);
    const [mine, others] = by === 1 ? [empty, full] : [full, empty];
    const move = (left: number): void => {
      const look = (): void => {
        if (load(count, 0) !== (by === 1 ? 0 : 1)) {
          face.wait(me, mine, { resolve: look, reject });
          return;
        }
        add(count, 0, by);
        others.notify();
        lock.release();
        if (left > 1) move(left - 1);
        else me.note('done');
      };
      face.acquire(me, lock, { resolve: look, reject });
    };
    move(times);
  };
}

export interface Rounds {
  readonly barrier: Barrier;
}

/** Waits so many times at once, the later ones at any time. */
export function partiesOfOneThread(face: Face, waits: number): Program<Rounds> {
  return ({ barrier }, me) => {
    const settle = {
      resolve: (index: unknown) => me.note(`passed ${index}`),
      reject: (error: unknown) => me.fail(`${error}`),
    };
    face.wait(me, barrier, settle);
    for (let later = 1; later < waits; later++) me.whenever('comes', () => face.wait(me, barrier, settle));
  };
}

/** So many rounds of two have passed. */
export function passed(
  waits: number,
): (end: { notes: readonly (readonly string[])[] }) => string | undefined {
  return ({ notes }) => {
    const all = notes.flat().filter((note) => note.startsWith('passed'));
    return all.length === waits ? undefined : `${all.length} of ${waits} passed; notes: ${notes.join('; ')}`;
  };
}

/** Ends a thread's part with the lock in hand. */
export const keeps: Program<Several> = ({ first }, me) => {
  first.acquireSync();
  me.note('keeps it');
};

/** Acquires: whatever becomes of it later, what comes out is the lock, or that its owner died. */
export const heir: Program<Several> = ({ first }, me: Me) => {
  me.waits(1);
  try {
    first.acquireSync();
    me.note('has it');
  } catch (error) {
    me.passOnStop();
    if ((error as Error).name !== 'OwnerDiedError') me.fail(`acquire failed: ${error}`);
    me.note('told');
  }
  me.waits(-1);
};

/** Any thread may release a Lock. */
export const releaser: Program<Several> = ({ first }, me) => {
  try {
    first.release();
  } catch (error) {
    me.passOnStop();
    if ((error as { code?: string }).code !== 'ERR_NOT_LOCKED') me.fail(`${error}`);
  }
};
