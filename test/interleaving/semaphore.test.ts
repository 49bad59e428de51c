import { describe } from 'vitest';
import { VALUE } from '../../src/primitives/memory/layout.js';
import { type Asked, explores, finds } from '../support/explorer/explores.js';
import { blocking, type Face, mixes, observable, pairs, titleOf } from '../support/explorer/faces.js';
import type { End, Program } from '../support/explorer/scenario.js';
import { atMostOneLost, type Guarded, impatient, leaver, user } from '../support/explorer/users.js';

/** Threads that contend for so many permits, all of which are back at the end. */
function contend(
  permits: number,
  threads: Program<Guarded>[],
  more: Partial<Asked<Guarded>> = {},
): Asked<Guarded> {
  return {
    shared: ({ BoundedSemaphore }) => ({ guard: new BoundedSemaphore(permits) }),
    threads,
    regions: { inside: permits },
    atEnd: ({ word }, { guard }) => {
      const left = word(guard.cells, 0) & VALUE;
      return left === permits ? undefined : `${left} of ${permits} permits at the end`;
    },
    ...more,
  };
}

/** Takes one permit, and keeps it. */
function taker(face: Face): Program<Guarded> {
  return ({ guard }, me) =>
    face.acquire(me, guard, {
      resolve: () => me.note('taken'),
      reject: (error) => me.fail(`${error}`),
    });
}

/** Gives permits out that were not there before. */
function giver(...counts: number[]): Program<Guarded> {
  return ({ guard }) => {
    for (const count of counts) guard.release(count);
  };
}

/** Threads for which there come just enough permits. */
function feed(takers: Face[], giving: Program<Guarded>, more: Partial<Asked<Guarded>> = {}): Asked<Guarded> {
  return {
    shared: ({ Semaphore }) => ({ guard: new Semaphore(0) }),
    threads: [...takers.map(taker), giving],
    atEnd: ({ word }: End, { guard }) =>
      (word(guard.cells, 0) & VALUE) === 0 ? undefined : 'permits are left over',
    ...more,
  };
}

describe('every interleaving of 2 threads', () => {
  for (const faces of mixes(2)) {
    explores(
      `that take the one permit twice: ${titleOf(faces)}`,
      contend(
        1,
        faces.map((face) => user(face, 2)),
      ),
    );
  }
  for (const faces of pairs()) {
    explores(
      `the first of which gives up: ${titleOf(faces)}`,
      contend(1, [impatient(faces[0]!), user(faces[1]!, 2)]),
    );
    explores(
      `while 12 ms pass, so that one asks for its turn: ${titleOf(faces)}`,
      contend(1, [user(faces[0]!, 2), user(faces[1]!)], { jumps: 1 }),
    );
    explores(
      `the first of which is killed: ${titleOf(faces)}`,
      contend(2, [user(faces[0]!, 2), user(faces[1]!, 2)], { victim: 0, atEnd: atMostOneLost }),
    );
  }
  for (const face of [blocking, observable]) {
    explores(`one of which unsubscribes: ${face.name}`, contend(1, [leaver(), user(face)]));
    explores(`one of which gives, the other takes: ${face.name}`, feed([face], giver(1)));
  }
});

describe('3 threads', () => {
  for (const faces of mixes(2)) {
    explores(`every interleaving, release(2) for two: ${titleOf(faces)}`, feed(faces, giver(2)));
    explores(
      `up to 3 preemptions, release() twice for two: ${titleOf(faces)}`,
      feed(faces, giver(1, 1), { preemptions: 3 }),
    );
  }
  for (const faces of mixes(3)) {
    const title = titleOf(faces);
    const users = faces.map((face) => user(face));
    for (const permits of [1, 2])
      explores(`every interleaving, of ${permits} permits: ${title}`, contend(permits, users));
    explores(
      `up to 1, 2 permits, one killed: ${title}`,
      contend(2, users, { preemptions: 1, victim: 0, atEnd: atMostOneLost }),
    );
    explores(
      `up to 2, 1 permit, one gives up: ${title}`,
      contend(1, [impatient(faces[0]!), ...users.slice(1)], { preemptions: 2 }),
    );
  }
  explores(
    'up to 2, one unsubscribes',
    contend(1, [leaver(), user(blocking), user(observable)], { preemptions: 2 }),
  );
});

finds(
  'release(2) wakes nobody',
  {
    file: 'semaphore.ts',
    text: 'this.wakeAfterRelease(word & FLAGS, n);',
    instead: 'this.wakeAfterRelease(word & FLAGS, 0);',
  },
  feed([blocking, blocking], giver(2)),
  /stuck/,
);
finds(
  'a release loses what was taken meanwhile',
  {
    file: 'semaphore.ts',
    text: 'const seen = compareExchange(this.cells, WORD, word, value | (word & TURN_ASKED));',
    instead: 'const seen = word; store(this.cells, WORD, value | (word & TURN_ASKED));',
  },
  contend(2, [user(blocking), user(blocking)]),
  /permits at the end|would make/,
);
finds(
  'the fast path takes a permit without a compare-exchange',
  {
    file: 'semaphore.ts',
    text: 'compareExchange(this.cells, WORD, word, word - 1) === word',
    instead: '(store(this.cells, WORD, word - 1), true)',
  },
  contend(1, [user(blocking), user(blocking)]),
  /2 at a time/,
);
finds(
  'of two releases the second wakes nobody, nor does whoever takes what they gave',
  {
    file: 'semaphore.ts',
    text: 'if ((word & SLEEPERS) !== 0 && (word & VALUE) > 0) wake(this.cells, WORD, 1);',
    instead: '',
  },
  feed([blocking, blocking], giver(1, 1), { preemptions: 2 }),
  /stuck/,
);
