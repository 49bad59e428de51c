import type { Cells } from '../../../src/primitives/memory/word.js';
import { RECHECK_MS } from '../../../src/primitives/waiting/event-loop.js';
import type { Asked } from './explores.js';
import type { End, Me, Program } from './scenario.js';
import { fewSlots, type ThreadModules } from './sources.js';

export interface Shared {
  readonly table: Cells;
  /** An ident that is passed on, and whether its worker was told to begin. */
  readonly mail: Cells;
}

export const IDENT = 0;
export const TOLD = 1;
/** A word that stays as it is. */
const NOTHING = 2;
export const MAIN = -1;

/** A slot; 0 when there is none. */
export function claimed({ claimSlot }: ThreadModules, me: Me, claim = () => claimSlot('one', 0)): number {
  try {
    return claim();
  } catch (error) {
    me.passOnStop();
    if ((error as { code?: string }).code !== 'ERR_NO_THREAD') me.fail(`${error}`);
    return 0;
  }
}

/** Claims a slot and tells the worker, the thread of that index, to begin. */
export function starter(worker: number, then: Program<Shared> = () => {}): Program<Shared> {
  return (shared, me, modules) => {
    const { setWorker, store, wake } = modules;
    const ident = claimed(modules, me);
    if (ident === 0) return;
    store(shared.mail, IDENT, ident);
    me.starts(worker);
    store(shared.mail, TOLD, 1);
    wake(shared.mail, TOLD);
    setWorker(ident, worker);
    then(shared, me, modules);
  };
}

/** Runs the thread that it is told to begin, unless that was withdrawn. */
export const worker: Program<Shared> = (
  { mail },
  me,
  { load, markRunning, markStopped, parkAsync, setIdent },
) => {
  const begin = (): void => {
    const ident = load(mail, IDENT);
    setIdent(ident);
    if (!markRunning(ident)) {
      me.note('withdrawn');
      return;
    }
    me.note('ran');
    setIdent(0);
    if (!markStopped(ident)) me.note('found dead');
  };
  if (!parkAsync(mail, TOLD, 0, begin)) begin();
};

/** Takes the thread back, and its slot for another at once: nobody may run that one, or end it. */
export const reclaims: Program<Shared> = ({ mail }, me, modules) => {
  const { load, withdraw } = modules;
  if (!withdraw(load(mail, IDENT))) return;
  me.note('taken back');
  const next = claimed(modules, me);
  if (next !== 0 && !withdraw(next)) me.fail(`somebody else ran or ended ${next}`);
};

/** Runs two threads one after the other in a slot that it keeps, as long as nobody asks for the first. */
export const keeper: Program<Shared> = ({ mail }, me, modules) => {
  const { KeptSlot, markRunning, markStopped, setIdent, store } = modules;
  const slot = new KeptSlot({ worker: 0, native: 0, ident: 0 });
  for (let thread = 0; thread < 2; thread++) {
    const ident = claimed(modules, me, () => slot.claim('one', 0, 0));
    if (ident === 0) return;
    slot.show();
    me.note(`had ${ident}`);
    setIdent(ident);
    if (!markRunning(ident)) me.fail(`somebody else ended ${ident}`);
    store(mail, IDENT, ident);
    setIdent(0);
    if (!markStopped(ident)) me.fail(`somebody else ended ${ident}`);
  }
};

/** Starts that worker, and does no more. */
export function starts(worker: number): Program<Shared> {
  return (_, me) => me.starts(worker);
}

/** Has a Thread object for the thread that it hears of, as long as there is one. */
export const asker: Program<Shared> = ({ mail }, me, { countHandle, hasHandles, load }) => {
  const ident = load(mail, IDENT);
  if (ident === 0) return;
  countHandle(ident, 1);
  if (hasHandles(ident)) me.note(`asks for ${ident}`);
};

/** A thread that is asked for keeps its slot, and no two have the same. */
export function keptFor(slots: number): (end: End) => string | undefined {
  return (end) => {
    const asked = numbered(end, 'asks for ');
    const had = numbered(end, 'had ');
    const taken = asked.find((ident) => had.includes(ident + slots));
    if (taken !== undefined) return `${taken + slots} has the slot of ${taken}, which is asked for`;
    return allDifferent(end);
  };
}

function numbered({ notes }: End, what: string): number[] {
  const found = notes.flat().filter((note) => note.startsWith(what));
  return found.map((note) => Number(note.slice(what.length)));
}

/** Waits, blocked, for the end of the thread that was started by then. */
export const joiner: Program<Shared> = ({ mail }, me, { joinBlocking, load }) => {
  const ident = load(mail, IDENT);
  if (ident === 0) return;
  me.waits(1);
  joinBlocking(ident, Number.POSITIVE_INFINITY, () => {});
  me.waits(-1);
  me.note('joined');
};

/** The same from its event loop. */
export const watcher: Program<Shared> = ({ mail }, me, { EndWatch, load }) => {
  const ident = load(mail, IDENT);
  if (ident === 0) return;
  const ended = (): void => {
    me.hears('ended');
    me.waits(-1);
    me.note('joined');
  };
  me.waits(1);
  new EndWatch(ident, () => me.hears('told')).add(ended);
};

/** Needs a slot as soon as there is one, and gives it back at once. */
export const successor: Program<Shared> = ({ mail }, me, modules) => {
  const { park, withdraw } = modules;
  me.waits(1);
  let ident = claimed(modules, me);
  for (; ident === 0; ident = claimed(modules, me)) park(mail, NOTHING, 0, RECHECK_MS);
  me.waits(-1);
  me.note(`had ${ident}`);
  if (!withdraw(ident)) me.fail(`somebody else ended ${ident}`);
};

/** Claims a slot for a thread that it never comes to start. */
export const claimer: Program<Shared> = (_, me, modules) => me.note(`had ${claimed(modules, me)}`);

/** Takes the thread back that it has started, unless that has begun. */
export const withdraws: Program<Shared> = ({ mail }, me, { load, withdraw }) =>
  me.note(withdraw(load(mail, IDENT)) ? 'taken back' : 'too late');

/** Asks whether the thread has died; once it counts as ended without having stopped, it has. */
export const mourner: Program<Shared> = ({ mail }, me, { hasDied, isAlive, load, park }) => {
  const ident = load(mail, IDENT);
  if (ident === 0) return;
  me.waits(1);
  while (isAlive(ident)) park(mail, NOTHING, 0, RECHECK_MS);
  me.waits(-1);
  if (!hasDied(ident)) me.fail(`${ident} is not alive, and has not died`);
  me.note('mourned');
};

/** Runs as a thread of its own, for ever. */
export const eternal: Program<Shared> = ({ mail }, me, modules) => {
  const { markRunning, setIdent, store } = modules;
  const ident = claimed(modules, me);
  if (ident === 0) return;
  setIdent(ident);
  markRunning(ident);
  store(mail, IDENT, ident);
  me.note('runs');
};

const SLEEP_MS = 100;

/** Runs as a thread of its own, and sleeps: being cancelled wakes it. */
export const sleeper: Program<Shared> = ({ mail }, me, modules) => {
  const { claimSlot, clock, markRunning, setIdent, sleepSync, store } = modules;
  const ident = claimSlot('one', 0);
  setIdent(ident);
  markRunning(ident);
  store(mail, IDENT, ident);
  try {
    sleepSync(SLEEP_MS);
  } catch {
    me.passOnStop();
    me.note(`woken at ${clock()}`);
  }
};

/** Cancels that thread. */
export const canceller: Program<Shared> = ({ mail }, me, { clock, load, markCancelled }) => {
  const ident = load(mail, IDENT);
  if (ident === 0) return;
  markCancelled(ident);
  me.note(`cancelled at ${clock()}`);
};

/** Nobody sleeps on when cancelled. */
export function wokenAtOnce({ notes }: End): string | undefined {
  const at = (what: string): number =>
    Number(
      notes
        .flat()
        .find((note) => note.startsWith(what))
        ?.slice(what.length),
    );
  return at('woken at ') - at('cancelled at ') >= SLEEP_MS ? notes.flat().join('; ') : undefined;
}

/** Exactly one of the two: it was taken back, or it ran. */
export function oneOfTwo(end: End, shared: Shared): string | undefined {
  const notes = end.notes.flat();
  const taken = notes.includes('taken back');
  return taken === notes.includes('ran') ? notes.join('; ') : allEnded(end, shared);
}

/** No two claims gave the same ident. */
export function allDifferent({ notes }: End): string | undefined {
  const idents = notes.flat().filter((note) => note.startsWith('had'));
  return new Set(idents).size < idents.length ? idents.join('; ') : undefined;
}

/** With so few slots that they are claimed again. */
export function table(
  starters: number[],
  threads: Program<Shared>[],
  more: Partial<Asked<Shared>> = {},
): Asked<Shared> {
  return {
    plants: fewSlots(1),
    shared: ({ allocate, ...modules }) => ({ table: modules.table, mail: allocate(3) }),
    threads,
    starters,
    looks: true,
    ...more,
  };
}

/** No slot is taken at the end. */
export function allEnded({ word, notes, killed }: End, shared: Shared): string | undefined {
  const SLOT = 64 + 160;
  const state = word(shared.table, SLOT + 1);
  // Above its low three bits is the ident.
  // FREE, STOPPED, DIED, or being claimed by who died.
  return (state >= 0 && [0, 3, 4].includes(state & 7)) || (killed !== -1 && state < 0)
    ? undefined
    : `slot 1 has state ${state}; notes: ${notes.join('; ')}`;
}
