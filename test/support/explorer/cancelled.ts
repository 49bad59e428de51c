import type { Barrier } from '../../../src/primitives/barrier.js';
import type { Condition } from '../../../src/primitives/condition.js';
import type { Event } from '../../../src/primitives/event.js';
import type { Lock } from '../../../src/primitives/lock.js';
import { VALUE } from '../../../src/primitives/memory/layout.js';
import type { Cells } from '../../../src/primitives/memory/word.js';
import type { RLock } from '../../../src/primitives/rlock.js';
import type { Semaphore } from '../../../src/primitives/semaphore.js';
import { RECHECK_MS } from '../../../src/primitives/waiting/event-loop.js';
import type { Asked } from './explores.js';
import type { End, Me, Program } from './scenario.js';
import { fewSlots, type Primitives, type ThreadModules } from './sources.js';
import { placesOf } from './waiters.js';

type Modules = Primitives & ThreadModules;

/** A thread that waits for one thing. */
export interface Shared {
  readonly table: Cells;
  /** The thread's ident. */
  readonly mail: Cells;
  readonly on: Lock | RLock | Semaphore | Event | Condition | Barrier;
}

/** Longer than the time until a blocked wait looks again. */
const SLEEP_MS = 60;

/** One kind of blocking wait: on what, how it waits, and how main ends the wait. */
export interface Kind {
  readonly name: string;
  make?(modules: Modules): Shared['on'];
  waits(shared: Shared, modules: Modules): void;
  /** undefined when nothing does. */
  readonly ends?: (shared: Shared, me: Me) => void;
  /** What is wrong at the end, if anything; `ended`: whether the wait had what it was for. */
  left?(end: End, shared: Shared, ended: boolean): string | undefined;
}

const value = ({ word }: End, { on }: Shared): number => word((on as Lock).cells, 0) & VALUE;

const acquires: Pick<Kind, 'waits'> = { waits: ({ on }) => void (on as Lock).acquireSync() };
const waitsFor: Pick<Kind, 'waits'> = { waits: ({ on }) => void (on as Event).waitSync() };

function noSlotTaken({ word }: End, { on }: Shared): string | undefined {
  const { table } = (on as Condition).slots;
  return placesOf(table).some((at) => word(table, at) !== 0) ? 'a slot was not given back' : undefined;
}

export const kinds: readonly Kind[] = [
  ...(['Lock', 'RLock'] as const).map(
    (name): Kind => ({
      name,
      ...acquires,
      make: (modules) => {
        const lock = new modules[name]();
        lock.acquireSync();
        return lock;
      },
      ends: ({ on }) => (on as Lock).release(),
      left: (end, shared, ended) => {
        const owner = value(end, shared);
        return (owner !== 0) === ended ? undefined : `the lock is ${owner}'s at the end`;
      },
    }),
  ),
  {
    name: 'Semaphore',
    ...acquires,
    make: ({ Semaphore }) => new Semaphore(0),
    ends: ({ on }) => (on as Semaphore).release(),
    left: (end, shared, ended) =>
      value(end, shared) === (ended ? 0 : 1) ? undefined : `${value(end, shared)} permits at the end`,
  },
  { name: 'Event', ...waitsFor, make: ({ Event }) => new Event(), ends: ({ on }) => (on as Event).set() },
  {
    name: 'Condition',
    make: ({ Condition, Lock }) => new Condition(new Lock()),
    waits: ({ on }) => {
      const condition = on as Condition;
      condition.acquireSync();
      try {
        condition.waitSync();
      } finally {
        condition.release();
      }
    },
    ends: ({ on }) => {
      const condition = on as Condition;
      condition.acquireSync();
      condition.notify();
      condition.release();
    },
    left: noSlotTaken,
  },
  {
    name: 'Barrier',
    ...waitsFor,
    make: ({ Barrier }) => new Barrier(2),
    ends: ({ on }, me) => {
      try {
        (on as Barrier).waitSync({ timeout: 30 });
      } catch (error) {
        me.passOnStop();
        if ((error as Error).name !== 'BrokenBarrierError') me.fail(`${error}`);
      }
    },
    left: noSlotTaken,
  },
  {
    name: 'join',
    waits: (_, { MAIN_IDENT, joinBlocking }) =>
      void joinBlocking(MAIN_IDENT, Number.POSITIVE_INFINITY, () => {}),
  },
  { name: 'sleepSync', waits: (_, { sleepSync }) => sleepSync(SLEEP_MS) },
];

/** Waits, and then sleeps: a cancel ends the one or the other, whenever it comes. */
function waiter(kind: Kind): Program<Shared> {
  return (shared, me, modules) => {
    const { clock, load, markRunning, setIdent, sleepSync } = modules;
    const ident = load(shared.mail, 0);
    setIdent(ident);
    markRunning(ident);
    const isCancelled = (wait: () => void): boolean => {
      me.waits(1);
      try {
        wait();
      } catch (error) {
        me.passOnStop();
        me.waits(-1);
        const { code, name } = error as { code?: string; name: string };
        if (name === 'BrokenBarrierError') return false;
        if (code !== 'ERR_THREAD_CANCELLED') me.fail(`${error}`);
        me.note(`told at ${clock()}`);
        return true;
      }
      me.waits(-1);
      return false;
    };
    if (isCancelled(() => kind.waits(shared, modules))) return;
    me.note('ended');
    if (!isCancelled(() => sleepSync(SLEEP_MS))) me.note(`told nothing until ${clock()}`);
  };
}

const canceller: Program<Shared> = ({ mail }, me, { clock, load, markCancelled }) => {
  markCancelled(load(mail, 0));
  me.note(`cancelled at ${clock()}`);
};

/** A cancel ends the wait or the sleep that it finds, at the wait's next look at the latest; and what was waited for is left in order. */
function heard(kind: Kind): (end: End, shared: Shared) => string | undefined {
  return (end, shared) => {
    const notes = end.notes.flat();
    const at = (what: string): number =>
      Number(notes.find((note) => note.startsWith(what))?.slice(what.length) ?? Number.NaN);
    const all = `notes: ${end.notes.join('; ')}`;
    const cancelled = at('cancelled at ');
    if (at('told at ') - cancelled > RECHECK_MS) return `the cancel was heard late; ${all}`;
    if (at('told nothing until ') > cancelled) return `the cancel was lost; ${all}`;
    if (end.stuck.length > 0) return `${end.stuck.length} hang; ${all}`;
    return kind.left?.(end, shared, notes.includes('ended'));
  };
}

/** The wait may be ended by a cancel, or by what it is for. */
export function cancelled(kind: Kind, more: Partial<Asked<Shared>> = {}): Asked<Shared> {
  const { ends } = kind;
  const ending: Program<Shared> = (shared, me) => ends?.(shared, me);
  const threads = [waiter(kind), canceller, ...(ends === undefined ? [] : [ending])];
  return {
    plants: fewSlots(1),
    shared: (modules) => {
      const mail = modules.allocate(1);
      modules.store(mail, 0, modules.claimSlot('one', 0));
      return {
        table: modules.table,
        mail,
        ...(kind.make !== undefined && { on: kind.make(modules) }),
      } as Shared;
    },
    threads,
    starters: threads.map(() => -1),
    looks: true,
    atEnd: heard(kind),
    ...more,
  };
}
