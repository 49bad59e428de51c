import { describe } from 'vitest';
import { cancelled, type Kind, kinds } from '../support/explorer/cancelled.js';
import { explores, finds } from '../support/explorer/explores.js';
import { timer } from '../support/explorer/timers.js';

/** Nothing but a cancel ends the wait. */
function alone({ ends: _, left: __, ...kind }: Kind): Kind {
  return kind;
}

const kindOf = (name: string): Kind => kinds.find((kind) => kind.name === name) as Kind;

describe('a cancel, at any step, ends the blocking wait that it finds', () => {
  for (const kind of kinds) {
    explores(`${kind.name}, that nothing else ends`, cancelled(alone(kind)));
    // Of a Barrier all of them: test/long/interleaving-complete.test.ts.
    const bound = kind.name === 'Barrier' ? { preemptions: 2 } : {};
    if (kind.ends !== undefined)
      explores(`${kind.name}, that may end by itself`, { ...cancelled(kind), ...bound });
  }
});

describe('a Timer that is joined, blocked', () => {
  explores('ends when it is cancelled as a Thread', timer());
});

finds(
  'a Timer that is joined does not look whether it is cancelled',
  {
    file: 'timer.ts',
    text: 'while (this.#recheck(waiting.fire) && !this.finished.isSet() && now() < until)\n      this.finished.waitSync({ timeout: Math.max(0, Math.min(until - now(), RECHECK_MS)) });',
    instead: 'this.finished.waitSync({ timeout: Math.max(0, until - now()) });',
  },
  timer(),
  /late/,
);
finds(
  'a blocked wait does not look for a cancel',
  { file: 'blocking-wait.ts', text: 'if (cancellable) leaveIfCancelled(attempt);', instead: '' },
  cancelled(alone(kindOf('Event'))),
  /stuck|late/,
);
finds(
  'a cancelled wait keeps its slot',
  { file: 'blocking-wait.ts', text: 'attempt.leave();', instead: '' },
  cancelled(kindOf('Condition')),
  /slot was not given back/,
);
finds(
  'a join does not look for a cancel',
  { file: 'join.ts', text: 'throwIfCancelled();', instead: '' },
  cancelled(kindOf('join')),
  /stuck|late/,
);
finds(
  'sleepSync reads the word after it has looked for a cancel',
  {
    file: 'sleep-sync.ts',
    text: 'throwIfCancelled();\n    park(table, cell, seen, left);',
    instead: 'throwIfCancelled();\n    park(table, cell, load(table, cell), left);',
  },
  cancelled(kindOf('sleepSync')),
  /late|lost/,
);
finds(
  'a cancel wakes nobody',
  { file: 'cancel-flag.ts', text: '=== open) wake(table, cell);', instead: '=== open) return;' },
  cancelled(kindOf('sleepSync')),
  /late|lost/,
);
