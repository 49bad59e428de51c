import { describe } from 'vitest';
import { explores, finds } from '../support/explorer/explores.js';
import {
  allDifferent,
  allEnded,
  asker,
  canceller,
  claimer,
  eternal,
  joiner,
  keeper,
  keptFor,
  MAIN,
  mourner,
  oneOfTwo,
  reclaims,
  sleeper,
  starter,
  starts,
  successor,
  table,
  watcher,
  withdraws,
  wokenAtOnce,
  worker,
} from '../support/explorer/life-cycle.js';
import { fewSlots } from '../support/explorer/sources.js';
import { looker, mainTracer, nobodyTraces, tracer } from '../support/explorer/tracers.js';

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

// With `preemptions: 1` here, test/long explores up to 2.
describe('its slot', () => {
  explores(
    'is claimed by one at a time',
    table([MAIN, MAIN, MAIN], [successor, successor, successor], { atEnd: allDifferent }),
  );
  explores('comes back when who claimed it dies', table([MAIN, 0], [successor, claimer], { victim: 1 }));
  explores(
    'comes back when its worker dies',
    table([MAIN, 0, 1], [successor, starter(2), worker], { victim: 2, preemptions: 1 }),
  );
  explores(
    'is claimed anew, and the dead one still counts as dead',
    table([MAIN, 0, MAIN], [mourner, eternal, successor], { victim: 1, mayStick: true }),
  );
});

describe('sleepSync', () => {
  explores('ends at once when cancelled', table([MAIN, MAIN], [sleeper, canceller], { atEnd: wokenAtOnce }));
});

describe('a slot that went to another thread', () => {
  const late = table([MAIN, 0], [starter(1, reclaims), worker]);
  explores('is not touched by the worker of the one before', late);
  finds(
    'a late worker moves whatever thread the slot has by now',
    {
      file: 'thread-slots.ts',
      text: 'if (!move(ident, QUEUED, RUNNING)) return false;',
      instead:
        'if (stateOf(ident) !== QUEUED) return false; const now = load(table, slot + STATE); compareExchange(table, slot + STATE, now, (now & ~7) | RUNNING);',
    },
    late,
    /somebody else ran or ended/,
  );
});

describe('a slot that its worker keeps', () => {
  const contended = table([MAIN, 0, MAIN], [starts(1), keeper, successor], { atEnd: keptFor(2) });
  const asked = table([MAIN, 0], [asker, keeper], { atEnd: keptFor(4), plants: fewSlots(2) });
  explores('may be claimed by another in between', contended);
  explores('goes back when the worker dies', { ...contended, victim: 1, preemptions: 1 });
  explores('is given up while somebody has a Thread for it', asked);
  finds(
    'a kept slot is taken without a compare-exchange',
    {
      file: 'claim-slot.ts',
      text: 'if (compareExchange(table, slot + STATE, ended, claimedBy()) !== ended) return 0;',
      instead: 'store(table, slot + STATE, claimedBy());',
    },
    contended,
    /somebody else ended|had /,
  );
  finds(
    'a kept slot is taken though it is asked for',
    {
      file: 'claim-slot.ts',
      text: 'if (compareExchange(table, slot + HANDLES, none, noHandles(ident)) !== none) return 0;',
      instead: 'if (load(table, slot + HANDLES) !== none) return 0;',
    },
    asked,
    /which is asked for/,
  );
});

describe('whether somebody traces', () => {
  for (const [title, more] of [
    ['until its end', {}],
    ['and dies', { victim: 1 }],
  ] as const) {
    explores(
      `a worker traces ${title}`,
      table([MAIN, 0], [looker(1), tracer], { atEnd: nobodyTraces, ...more }),
    );
    explores(
      `a worker traces ${title}, and main for a while`,
      table([MAIN, 0, MAIN], [looker(1), tracer, mainTracer], {
        atEnd: nobodyTraces,
        preemptions: 1,
        ...more,
      }),
    );
  }
  finds(
    'what a dead thread had set stays',
    { file: 'thread-slots.ts', text: '  endTraces(slot);\n', instead: '' },
    table([MAIN, 0], [looker(1), tracer], { atEnd: nobodyTraces }),
    /said to trace/,
  );
  finds(
    'whether to drop it is decided by a plain load',
    {
      file: 'trace-flag.ts',
      text: 'const word = load(table, TRACE);\n    if ((word & LEVELS)',
      instead: 'const word = peek(table, TRACE);\n    if ((word & LEVELS)',
    },
    table([MAIN, 0], [looker(1), tracer], { victim: 1, atEnd: nobodyTraces }),
    /said to trace/,
  );
  const bothTrace = table([MAIN, 0, MAIN], [looker(1), tracer, mainTracer], {
    atEnd: nobodyTraces,
    preemptions: 3,
  });
  finds(
    'a level that is on already is not turned on again',
    {
      file: 'trace-flag.ts',
      text: 'if (levels !== 0) while (!turnOn(levels));',
      instead: 'while ((load(table, TRACE) & levels) !== levels && !turnOn(levels));',
    },
    bothTrace,
    /does not see/,
  );
  finds(
    'tracing ends without a look at the number of changes',
    {
      file: 'trace-flag.ts',
      text: 'return compareExchange(table, TRACE, word, ((word + ONE_CHANGE) & ~LEVELS) | (levels & LEVELS)) === word;',
      instead: 'exchange(table, TRACE, levels); return word >= 0;',
    },
    bothTrace,
    /does not see/,
  );
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
