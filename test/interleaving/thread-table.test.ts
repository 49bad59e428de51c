import { describe } from 'vitest';
import { explores } from '../support/explorer/explores.js';
import { allEnded, joiner, MAIN, starter, table, watcher, worker } from '../support/explorer/life-cycle.js';

describe('a thread is claimed, queued, runs and ends', () => {
  for (const [name, join] of [
    ['blocked', joiner],
    ['from its loop', watcher],
  ] as const) {
    explores(`joined ${name}`, table([MAIN, MAIN, 1], [join, starter(2), worker], { atEnd: allEnded }));
    explores(
      `joined ${name}, while its starter dies with it`,
      table([MAIN, 0, 1], [join, starter(2), worker], { victim: 1, atEnd: allEnded }),
    );
    explores(
      `joined ${name}, while it dies`,
      table([MAIN, MAIN, 1], [join, starter(2), worker], { victim: 2, atEnd: allEnded }),
    );
  }
  explores(
    'its starter hears of its death',
    table([MAIN, 0], [starter(1), worker], { victim: 1, atEnd: allEnded }),
  );
});
