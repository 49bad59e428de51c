import { describe } from 'vitest';
import type { RLock } from '../../src/primitives/rlock.js';
import { type Asked, explores, finds } from '../support/explorer/explores.js';
import { blocking, type Face, mixes, observable, pairs, titleOf } from '../support/explorer/faces.js';
import type { Program } from '../support/explorer/scenario.js';
import { type Guarded, impatient, leaver, notFree, user } from '../support/explorer/users.js';

/** Goes in, and in again; the first release leaves it inside. */
function nester(face: Face): Program<Guarded> {
  return ({ guard }, me) => {
    const outer = (): void => face.acquire(me, guard, { resolve: inner, reject: told });
    const inner = (): void =>
      face.acquire(me, guard, { resolve: both, reject: (error) => me.fail(`${error}`) });
    const told = (): void => {
      me.note('told');
      outer();
    };
    const both = (): void => {
      me.enter('inside');
      if ((guard as RLock).count !== 2) me.fail(`count ${(guard as RLock).count}, not 2`);
      guard.release();
      if ((guard as RLock).count !== 1) me.fail(`count ${(guard as RLock).count}, not 1`);
      me.exit('inside');
      guard.release();
    };
    outer();
  };
}

/** Threads that contend for an RLock, which only one has at a time and which is free at the end. */
function contend(threads: Program<Guarded>[], more: Partial<Asked<Guarded>> = {}): Asked<Guarded> {
  return {
    shared: ({ RLock }) => ({ guard: new RLock() }),
    threads,
    regions: { inside: 1 },
    atEnd: notFree,
    ...more,
  };
}

describe('every interleaving of 2 threads', () => {
  for (const faces of mixes(2)) {
    const title = titleOf(faces);
    explores(`that enter again: ${title}`, contend(faces.map(nester)));
  }
  for (const faces of pairs()) {
    const title = titleOf(faces);
    explores(`the first of which takes it twice: ${title}`, contend([user(faces[0]!, 2), user(faces[1]!)]));
    explores(`the first of which gives up: ${title}`, contend([impatient(faces[0]!), nester(faces[1]!)]));
    explores(`the first of which is killed: ${title}`, contend(faces.map(nester), { victim: 0 }));
    explores(
      `while 12 ms pass, so that one asks for its turn: ${title}`,
      contend([user(faces[0]!, 2), user(faces[1]!)], { jumps: 1 }),
    );
  }
  for (const face of [blocking, observable]) {
    explores(`one of which unsubscribes: ${face.name}`, contend([leaver(), nester(face)]));
  }
});

describe('3 threads', () => {
  for (const faces of mixes(3)) {
    const title = titleOf(faces);
    const [first, ...others] = faces.map(nester);
    explores(`every interleaving: ${title}`, contend(faces.map((face) => user(face))));
    explores(`up to 2 preemptions: ${title}`, contend([first!, ...others], { preemptions: 2 }));
    explores(
      `none but by blocking, one killed: ${title}`,
      contend([first!, ...others], { preemptions: 0, victim: 0 }),
    );
    explores(
      `up to 1, one gives up: ${title}`,
      contend([impatient(faces[0]!), ...others], { preemptions: 1 }),
    );
  }
});

finds(
  'a release wakes nobody',
  {
    file: 'synchronizer.ts',
    text: 'this.wakeFlagged(flags, (flags',
    instead: 'if (false) this.wakeFlagged(flags, (flags',
  },
  contend([nester(blocking), nester(blocking)]),
  /stuck/,
);
finds(
  'a release frees it whatever the depth',
  { file: 'rlock.ts', text: 'if (extra > 0) store', instead: 'if (extra > 99) store' },
  contend([nester(blocking), nester(blocking)]),
  /at a time|count|ThreadError/,
);
finds(
  'whoever takes it over from the dead leaves the depth as it was',
  {
    file: 'rlock.ts',
    text: 'store(this.cells, EXTRA, 0);\n    this.#free(mine);',
    instead: 'this.#free(mine);',
  },
  contend([nester(blocking), nester(blocking)], { victim: 0 }),
  /count|held by/,
);
