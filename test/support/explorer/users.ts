import type { Lock } from '../../../src/primitives/lock.js';
import { VALUE } from '../../../src/primitives/memory/layout.js';
import type { RLock } from '../../../src/primitives/rlock.js';
import type { Semaphore } from '../../../src/primitives/semaphore.js';
import { type Face, once, subscribe } from './faces.js';
import type { End, Me, Program } from './scenario.js';

/** What can be acquired, under one name. */
export interface Guarded {
  readonly guard: Lock | RLock | Semaphore;
}

/** Goes in, so many times; when told that the owner died, tries again. */
export const user = once((face: Face, rounds: number = 1): Program<Guarded> => {
  return ({ guard }, me) => {
    const round = (left: number): void =>
      face.acquire(me, guard, {
        resolve: () => {
          goThrough(guard, me);
          if (left === 1) return;
          if (face.name === 'blocking') round(left - 1);
          else me.later(() => round(left - 1));
        },
        reject: (error) => {
          told(me, error);
          round(left);
        },
      });
    round(rounds);
  };
});

/** Gives up after 30 ms: whenever that is. */
export const impatient = once((face: Face): Program<Guarded> => {
  return ({ guard }, me) =>
    face.acquire(
      me,
      guard,
      {
        resolve: (taken) => {
          if (taken) goThrough(guard, me);
        },
        reject: (error) => told(me, error),
      },
      { timeout: 30 },
    );
});

/** Waits twice, as two Observables of one thread; the first may be unsubscribed at any time. */
export const leaver = once((): Program<Guarded> => {
  return ({ guard }, me) => {
    const settle = {
      resolve: () => goThrough(guard, me),
      reject: (error: unknown) => told(me, error),
    };
    const leave = subscribe(me, guard.acquire(), settle);
    me.whenever('unsubscribes', leave);
    subscribe(me, guard.acquire(), settle);
  };
});

/** That the owner died; nothing else may go wrong. */
function told(me: Me, error: unknown): void {
  if ((error as Error).name !== 'OwnerDiedError') me.fail(`${error}`);
  me.note('told');
}

function goThrough(guard: Lock | RLock | Semaphore, me: Me): void {
  me.enter('inside');
  me.exit('inside');
  guard.release();
}

/** What is wrong at the end with a Lock or an RLock. */
export function notFree({ word, killed, notes }: End, { guard }: Guarded): string | undefined {
  const told = notes.flat().filter((note) => note === 'told').length;
  if (told > 1) return `${told} were told that the owner died`;
  const owner = word(guard.cells, 0) & VALUE;
  // Nobody may have come since.
  if (owner === 0 || owner === killed + 1) return undefined;
  return `held by T${owner} at the end`;
}

/** What is wrong at the end with a Semaphore of so many permits: a dead one may have taken one or two with it. */
export function freeAtEnd(permits: number): (end: End, shared: Guarded) => string | undefined {
  return ({ word, killed, stuck }, { guard }) => {
    const left = word(guard.cells, 0) & VALUE;
    if (killed === -1 && left !== permits) return `${left} of ${permits} permits at the end`;
    if (stuck.length > 0 && (killed === -1 || left > 0))
      return `${stuck.length} hang, ${left} permits are left`;
    return left < permits - 1 || left > permits ? `${left} of ${permits} permits at the end` : undefined;
  };
}

/** A killed thread may take one with it; nobody else loses one. */
export function atMostOneLost({ word, killed }: End, { guard }: Guarded): string | undefined {
  const left = word(guard.cells, 0) & VALUE;
  return left === 2 || (left === 1 && killed !== -1) ? undefined : `${left} of 2 permits at the end`;
}
