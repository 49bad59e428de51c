import { describe } from 'vitest';
import { explores, finds } from '../support/explorer/explores.js';
import {
  allDifferent,
  allEnded,
  canceller,
  claimer,
  eternal,
  joiner,
  MAIN,
  mourner,
  oneOfTwo,
  sleeper,
  starter,
  successor,
  table,
  watcher,
  withdraws,
  wokenAtOnce,
  worker,
} from '../support/explorer/life-cycle.js';

describe('a thread is claimed, queued, runs and ends', () => {
  for (const [face, join] of [
    ['blocking', joiner],
    ['Observable', watcher],
  ] as const) {
    explores(
      `it is joined: ${face}`,
      table([MAIN, MAIN, 1], [join, starter(2), worker], { atEnd: allEnded }),
    );
    explores(
      `its join ends though its starter died: ${face}`,
      table([MAIN, 0, 1], [join, starter(2), worker], { victim: 1 }),
    );
    explores(
      `its join ends though it died: ${face}`,
      table([MAIN, MAIN, 1], [join, starter(2), worker], { victim: 2, atEnd: allEnded }),
    );
  }
  explores(
    'its starter hears of its death',
    table([MAIN, 0], [starter(1), worker], { victim: 1, atEnd: allEnded }),
  );
  explores(
    'it runs or is taken back',
    table([MAIN, 0], [starter(1, withdraws), worker], { atEnd: oneOfTwo }),
  );
  explores(
    'it is taken back, or its worker dies',
    table([MAIN, 0], [starter(1, withdraws), worker], { victim: 1, atEnd: allEnded }),
  );
});

describe('its slot', () => {
  explores(
    'is claimed by one at a time',
    table([MAIN, MAIN, MAIN], [successor, successor, successor], { atEnd: allDifferent }),
  );
  explores('comes back when who claimed it dies', table([MAIN, 0], [successor, claimer], { victim: 1 }));
  explores(
    'comes back when its worker dies',
    table([MAIN, 0, 1], [successor, starter(2), worker], { victim: 2, preemptions: 3 }),
  );
  explores(
    'is claimed anew, and the dead one still counts as dead',
    table([MAIN, 0, MAIN], [mourner, eternal, successor], { victim: 1, mayStick: true }),
  );
});

describe('sleepSync', () => {
  explores('ends at once when cancelled', table([MAIN, MAIN], [sleeper, canceller], { atEnd: wokenAtOnce }));
});

finds(
  'a queued thread counts as alive whatever became of its starter',
  {
    file: 'liveness.ts',
    text: 'return (state === QUEUED || state === RUNNING) && !isFoundDead(ident, state);',
    instead: 'return state === QUEUED || (state === RUNNING && !isFoundDead(ident, state));',
  },
  table([MAIN, 0, 1], [joiner, starter(2), worker], { victim: 1 }),
  /stuck/,
);
