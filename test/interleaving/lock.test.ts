import { describe } from 'vitest';
import type { ThreadError } from '../../src/errors.js';
import { type Asked, explores, finds } from '../support/explorer/explores.js';
import { blocking, type Face, mixes, observable, pairs, titleOf } from '../support/explorer/faces.js';
import type { Program } from '../support/explorer/scenario.js';
import { type Guarded, impatient, leaver, notFree, user } from '../support/explorer/users.js';

/** Threads that contend for a Lock, which only one has at a time and which is free at the end. */
function contend(threads: Program<Guarded>[], more: Partial<Asked<Guarded>> = {}): Asked<Guarded> {
  return {
    shared: ({ Lock }) => ({ guard: new Lock() }),
    threads,
    regions: { inside: 1 },
    atEnd: notFree,
    ...more,
  };
}

/** Takes it for good; an owner that died is the one reason not to get it. */
const keeper = (face: Face): Program<Guarded> => {
  return ({ guard }, me) =>
    face.acquire(me, guard, {
      resolve: () => {},
      reject: (error) => {
        if ((error as Error).name !== 'OwnerDiedError') me.fail(`${error}`);
      },
    });
};

/** Releases it, whoever has it. */
const stranger: Program<Guarded> = ({ guard }, me) => {
  try {
    guard.release();
  } catch (error) {
    me.passOnStop();
    if ((error as ThreadError).code !== 'ERR_NOT_LOCKED') me.fail(`${error}`);
  }
};

describe('every interleaving of 2 threads', () => {
  for (const faces of mixes(2)) {
    explores(`that take it twice: ${titleOf(faces)}`, contend(faces.map((face) => user(face, 2))));
  }
  for (const faces of pairs()) {
    explores(
      `the first of which gives up: ${titleOf(faces)}`,
      contend([impatient(faces[0]!), user(faces[1]!, 2)]),
    );
    explores(
      `the first of which is killed: ${titleOf(faces)}`,
      contend([user(faces[0]!, 2), user(faces[1]!)], { victim: 0 }),
    );
    explores(
      `while 12 ms pass, so that one asks for its turn: ${titleOf(faces)}`,
      contend([user(faces[0]!, 2), user(faces[1]!)], { jumps: 1 }),
    );
  }
  for (const face of [blocking, observable]) {
    explores(`one of which unsubscribes: ${face.name}`, contend([leaver(), user(face)]));
  }
});

describe('3 threads', () => {
  for (const face of [blocking, observable]) {
    explores(
      `every interleaving: the owner is killed, and a thread that has not got it releases it: ${face.name}`,
      contend([keeper(blocking), keeper(face), stranger], {
        victim: 0,
        mayStick: true,
        atEnd: () => undefined,
      }),
    );
  }
  for (const faces of mixes(3)) {
    const title = titleOf(faces);
    const users = faces.map((face) => user(face));
    explores(`every interleaving: ${title}`, contend(users));
    explores(`up to 1, one killed: ${title}`, contend(users, { preemptions: 1, victim: 0 }));
    explores(
      `up to 2, one gives up: ${title}`,
      contend([impatient(faces[0]!), ...users.slice(1)], { preemptions: 2 }),
    );
    explores(`up to 2, while 12 ms pass twice: ${title}`, contend(users, { preemptions: 2, jumps: 2 }));
  }
  explores(
    'up to 2, one unsubscribes',
    contend([leaver(), user(blocking), user(observable)], { preemptions: 2 }),
  );
});

const two = contend([user(blocking), user(blocking)]);
const twoObservable = contend([user(observable), user(observable)]);

finds(
  'a release wakes nobody that sleeps',
  {
    file: 'primitive.ts',
    text: '(flags & SLEEPERS) !== 0',
    instead: 'false',
  },
  two,
  /stuck/,
);
finds(
  'it is taken without a compare-exchange',
  {
    file: 'synchronizer.ts',
    text: 'if (compareExchange(this.cells, WORD, word, next) !== word) continue;',
    instead: 'store(this.cells, WORD, next);',
  },
  contend([user(blocking, 2), user(blocking)]),
  /2 at a time/,
);
finds(
  'a blocked waiter does not ask to be woken',
  {
    file: 'acquire-attempt.ts',
    text: 'return or(this.#of.cells, WORD, SLEEPERS) | SLEEPERS;',
    instead: 'return or(this.#of.cells, WORD, 0);',
  },
  two,
  /stuck/,
);
finds(
  'the agent sleeps without AGENTS set before the last look',
  {
    file: 'local-queue.ts',
    text: 'or(this.#cells, WORD, AGENTS);',
    instead: '',
  },
  twoObservable,
  /stuck/,
);
finds(
  'the agent reads its number after the last look',
  {
    file: 'local-queue.ts',
    text: 'if (parkAsync(this.#cells, AGENT_SEQ, sequence, this.#woken)) return;',
    instead: 'if (parkAsync(this.#cells, AGENT_SEQ, load(this.#cells, AGENT_SEQ), this.#woken)) return;',
  },
  twoObservable,
  /stuck/,
);
finds(
  'a dead owner is set free without being taken over',
  {
    file: 'lock.ts',
    text: 'if (compareExchange(this.cells, WORD, word, word & TURN_ASKED) !== word) return false;',
    instead: 'compareExchange(this.cells, WORD, word, word & TURN_ASKED);',
  },
  contend([user(blocking), user(blocking), user(blocking)], { preemptions: 1, victim: 0 }),
  /told|at a time|not locked/,
);
finds(
  'a thread yields for ever',
  {
    file: 'acquire-attempt.ts',
    text: 'time >= this.#yieldsUntil',
    instead: 'false',
  },
  contend([user(blocking, 3), impatient(blocking)], { jumps: 1, preemptions: 3 }),
  /runs for ever/,
);
