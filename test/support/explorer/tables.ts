import type { Cells } from '../../../src/primitives/memory/word.js';
import type { Asked } from './explores.js';
import { asCells, SimulatedCells } from './memory-map.js';
import type { End, Me, Program } from './scenario.js';
import { fewSlots, type Primitives, type ThreadModules } from './sources.js';

export interface Shared {
  /** Main's. */
  readonly table: Cells;
  /** Handles that were sent: each the place of the table that comes with it. */
  readonly mail: Cells;
}

const FROM_MAIN = 0;
const FROM_WORKER = 1;

type Modules = Primitives & ThreadModules;

const tableNow = ({ watchedTable }: Modules): number =>
  (watchedTable.cells as unknown as SimulatedCells).base;

/** Takes the handle that has come by then; tells whether one had. */
function takes({ table, mail }: Shared, from: number, me: Me, modules: Modules): boolean {
  const place = modules.load(mail, from);
  if (place === 0) return false;
  const before = tableNow(modules);
  try {
    modules.joinTable(asCells(new SimulatedCells(place, table.length)));
    if (tableNow(modules) !== place) me.fail('took a handle, and has another table');
    me.note(`took ${place}`);
  } catch (error) {
    me.passOnStop();
    if ((error as { code?: string }).code !== 'ERR_OTHER_TABLE') me.fail(`${error}`);
    if (tableNow(modules) !== before) me.fail('refused a handle, and has another table than before');
  }
  return true;
}

/** Main sends a handle. */
export const main: Program<Shared> = ({ mail }, me, modules) => {
  modules.store(mail, FROM_MAIN, tableNow(modules));
  me.note(`took ${tableNow(modules)}`);
  me.note(`has ${tableNow(modules)}`);
};

/** Takes main's handle, or makes a primitive of its own when none has come; sends that on, and may hear from main later. */
export const maker: Program<Shared> = (shared, me, modules) => {
  if (!takes(shared, FROM_MAIN, me, modules)) modules.nextPrimitiveId();
  me.note(`took ${tableNow(modules)}`);
  modules.store(shared.mail, FROM_WORKER, tableNow(modules));
  takes(shared, FROM_MAIN, me, modules);
  me.note(`has ${tableNow(modules)}`);
};

/** Takes whatever handles have come. */
export const taker: Program<Shared> = (shared, me, modules) => {
  for (const from of [FROM_WORKER, FROM_MAIN, FROM_WORKER]) takes(shared, from, me, modules);
  me.note(`has ${tableNow(modules)}`);
};

/** Whoever has taken a handle, or made a primitive, has that one's table for good. */
function oneForGood({ notes }: End): string | undefined {
  const torn = notes.find((of) => {
    const [has] = of.filter((note) => note.startsWith('has ')).map((note) => note.slice(4));
    return of.some((note) => note.startsWith('took ') && note.slice(5) !== has);
  });
  return torn === undefined ? undefined : `one has shared two tables: ${torn}; notes: ${notes.join('; ')}`;
}

/** Main and two workers that were there before it had loaded the library. */
export function tables(threads: Program<Shared>[]): Asked<Shared> {
  return {
    plants: fewSlots(1),
    shared: ({ allocate, ...modules }) => ({ table: modules.table, mail: allocate(2) }),
    threads: [main, ...threads],
    starters: [-1, ...threads.map(() => 0)],
    early: threads.map((_, index) => index + 1),
    atEnd: oneForGood,
  };
}
