import { describe } from 'vitest';
import type { Cells } from '../../../src/primitives/memory/word.js';
import {
  CANCEL,
  HANDLES,
  NATIVE,
  notCancelled,
  QUEUED,
  STATE,
  stateWord,
  WORKER,
} from '../../../src/primitives/threads/table.js';
import { type Asked, explores, finds } from '../../support/explorer/explores.js';
import { MAIN, type Shared, table } from '../../support/explorer/life-cycle.js';
import type { End, Program } from '../../support/explorer/scenario.js';
import type { ThreadModules } from '../../support/explorer/sources.js';

/*
 * The table has one slot besides main's. While a thread does something to an ident that it knows, that thread is withdrawn
 * and its slot goes to another: of the other nothing may change.
 */
const SLOT = 64 + 160;
const OLD = 0;
const NEW = 1;

/** Claims the slot, gives it up, and claims it for another thread. */
const owner: Program<Shared> = ({ mail }, me, { claimSlot, store, withdraw }) => {
  const old = claimSlot('old', 0);
  store(mail, OLD, old);
  if (!withdraw(old)) return me.note('it ran or died first');
  store(mail, NEW, claimSlot('new', 0));
};

/** Does something to the old thread. */
function late(act: (modules: ThreadModules, ident: number) => unknown): Program<Shared> {
  return ({ mail }, me, modules) => {
    const ident = modules.load(mail, OLD);
    if (ident !== 0) me.note(`${act(modules, ident)}`);
  };
}

/** The slot of the new thread is as its claim has left it. */
function untouched({ word }: End, shared: Shared): string | undefined {
  const ident = word(shared.mail, NEW);
  if (ident === 0) return undefined;
  const wanted = new Map([
    [STATE, stateWord(ident, QUEUED)],
    [NATIVE, -ident],
    [WORKER, -ident],
    [CANCEL, notCancelled(ident)],
    // The number of the slot is the lowest bit of the ident.
    [HANDLES, (ident >>> 1) << 16],
  ]);
  for (const [cell, value] of wanted) {
    const found = word(shared.table as Cells, SLOT + cell);
    if (found !== value) return `word ${cell} of the new thread's slot is ${found}, not ${value}`;
  }
  return undefined;
}

const against = (program: Program<Shared>): Asked<Shared> =>
  table([MAIN, 0], [owner, program], { atEnd: untouched });

describe('nothing of another thread changes when its slot was, until a moment ago, that of one which', () => {
  explores('begins', against(late(({ markRunning }, ident) => markRunning(ident))));
  explores('ends', against(late(({ markStopped }, ident) => markStopped(ident))));
  explores('is found dead', against(late(({ markDied }, ident) => markDied(ident))));
  explores('has lost its starter', against(late(({ markStarterDied }, ident) => markStarterDied(ident))));
  explores('is withdrawn', against(late(({ withdraw }, ident) => withdraw(ident))));
  explores('could not be started', against(late(({ unclaimSlot }, ident) => unclaimSlot(ident))));
  explores('is told its worker', against(late(({ setWorker }, ident) => setWorker(ident, 1))));
  explores('is cancelled', against(late(({ markCancelled }, ident) => markCancelled(ident))));
  explores(
    'is known to a Thread elsewhere',
    against(late(({ countHandle }, ident) => [countHandle(ident, 1), countHandle(ident, -1)])),
  );
});

const begins = against(late(({ markRunning }, ident) => markRunning(ident)));
finds(
  'a worker that begins writes to the slot without comparing the ident',
  {
    file: 'thread-slots.ts',
    text: 'compareExchange(table, slot + NATIVE, -ident, nativeId() ?? 0);',
    instead: 'store(table, slot + NATIVE, nativeId() ?? 0);',
  },
  begins,
  /word 3 of the new thread's slot/,
);
finds(
  'states are compared without the ident',
  {
    file: 'table.ts',
    text: 'return (ident << STATE_BITS) | state;',
    instead: 'return state;',
  },
  against(late(({ withdraw }, ident) => withdraw(ident))),
  /word/,
);
