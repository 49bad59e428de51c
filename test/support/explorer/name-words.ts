import type { MemoryMap, SimulatedCells } from './memory-map.js';

const HEADER = ['WORD', 'ACQUIRES', 'AGENT_SEQ', 'WATCH_SEQ', 'ID'];
const SLOTTED = ['SECTION', 'NEXT_ORDER', 'HEAD', 'TAIL', 'COUNT', 'UNUSED', 'HIGH', 'SWEPT'];
const BARRIER = ['PARTIES', 'ACTOR', 'TELLING'];
const CONDITION = ['FROM', 'TO'];
const SLOT = ['STATE', 'IDENT', 'ORDER', 'NEXT', 'PREVIOUS'];
const OWN = 8;
/** Of what can be acquired. */
const TURN = 14;
const SLOT_WORDS = 8;
const TABLE = 'MAGIC HIGH_WATER CURSOR PRIMITIVE_IDS THREAD_NUMBERS DEATHS NONCE TRACE WORD WATCH_SEQ'.split(
  ' ',
);
const TABLE_HEADER = 64;
const THREAD = 'IDENT STATE FLAGS NATIVE WORKER PROBED CANCEL'.split(' ');
const THREAD_WORDS = 160;

/** Words that the sources touch in the critical section of waiter-list.ts alone. */
const GUARDED = ['NEXT_ORDER', 'HEAD', 'TAIL', 'COUNT', 'UNUSED', 'HIGH', 'ACTOR', 'TELLING', ...CONDITION];

/** What the words of some primitives hold besides their value. */
const VALUE = (1 << 27) - 1;
const SECTION_VALUE = (1 << 30) - 1;

export interface Named {
  /** The words that may be touched in a section alone, each with that section's. */
  readonly guarded: ReadonlyMap<number, number>;
  /** The words that hold idents, with the bits that do. */
  readonly idents: ReadonlyMap<number, number>;
  /** The word that is read by plain loads; -1: none is. */
  readonly peeked: number;
}

/**
 * Calls the words of what the threads share by the names that the sources give them; tells what is special about some.
 */
export function nameWords(map: MemoryMap, shared: object): Named {
  const guarded = new Map<number, number>();
  const idents = new Map<number, number>();
  // Arenas of slots, each with its primitive; null when several share it.
  let peeked = -1;
  const tables = new Map<SimulatedCells, { readonly key: string; readonly section: number } | null>();
  for (const [key, one] of Object.entries(shared)) {
    if (key === 'table') {
      nameTable(map, one as SimulatedCells);
      peeked = (one as SimulatedCells).base + TABLE.indexOf('TRACE');
    }
    const { cells, slots } = one as { cells?: SimulatedCells; slots?: { table: SimulatedCells } };
    if (cells === undefined) continue;
    const kind = (one as object).constructor.name;
    const slotted = [...SLOTTED, ...(kind === 'Barrier' ? BARRIER : CONDITION)];
    const own = slots === undefined ? ['EXTRA or BOUND'] : slotted;
    for (const [word, name] of HEADER.entries()) map.rename(cells.base + word, `${key}.${name}`);
    for (const [word, name] of own.entries()) map.rename(cells.base + OWN + word, `${key}.${name}`);
    if (kind === 'Lock' || kind === 'RLock') idents.set(cells.base, VALUE);
    if (slots === undefined) {
      if (kind === 'Event') continue;
      map.rename(cells.base + TURN, `${key}.TURN`);
      idents.set(cells.base + TURN, VALUE);
      continue;
    }
    idents.set(cells.base + OWN, SECTION_VALUE);
    if (kind === 'Barrier') idents.set(cells.base + OWN + own.indexOf('ACTOR'), VALUE);
    const section = cells.base + OWN;
    for (const [word, name] of own.entries())
      if (GUARDED.includes(name)) guarded.set(section + word, section);
    tables.set(slots.table, tables.has(slots.table) ? null : { key, section });
  }
  for (const [{ base, length }, user] of tables) {
    map.rename(base, `${user?.key ?? 'slots'}.USED`);
    for (let word = SLOT_WORDS; word < length; word++) {
      const name = SLOT[word % SLOT_WORDS] ?? `${word % SLOT_WORDS}`;
      map.rename(base + word, `${user?.key ?? 'arena'}.slot${Math.floor(word / SLOT_WORDS)}.${name}`);
      if (name === 'IDENT') idents.set(base + word, VALUE);
      if (name !== 'STATE' && user !== null) guarded.set(base + word, user.section);
    }
  }
  // With a table of threads an ident says more than which thread of the scenario it is.
  if (peeked !== -1) return { guarded: new Map(), idents: new Map(), peeked };
  return { guarded, idents, peeked };
}

/** The table of threads. */
function nameTable(map: MemoryMap, { base, length }: SimulatedCells): void {
  for (const [word, name] of TABLE.entries()) map.rename(base + word, `table.${name}`);
  for (let at = TABLE_HEADER; at + THREAD_WORDS <= length; at += THREAD_WORDS) {
    const number = (at - TABLE_HEADER) / THREAD_WORDS;
    for (let word = 0; word < THREAD_WORDS; word++)
      map.rename(base + at + word, `table.thread${number}.${THREAD[word] ?? word}`);
  }
}
