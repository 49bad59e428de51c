import type { MemoryMap, SimulatedCells } from './memory-map.js';

const HEADER = ['WORD', 'TURN', 'AGENT_SEQ', 'WATCH_SEQ', 'ID'];
const SLOTTED = ['SECTION', 'NEXT_ORDER', 'HEAD', 'TAIL', 'COUNT', 'UNUSED', 'HIGH', 'SWEPT'];
const BARRIER = ['PARTIES', 'ACTOR', 'TELLING'];
const SLOT = ['STATE', 'IDENT', 'ORDER', 'NEXT', 'PREVIOUS'];
const OWN = 8;

/** Words that the sources touch in the section of slots.ts alone. */
const GUARDED = ['NEXT_ORDER', 'HEAD', 'TAIL', 'COUNT', 'UNUSED', 'HIGH', 'ACTOR', 'TELLING'];

/**
 * Calls the words of what the threads share by the names that the sources give them. Returns the words that may be
 * touched in a section alone, each with that section's.
 */
export function nameWords(map: MemoryMap, shared: object): Map<number, number> {
  const guarded = new Map<number, number>();
  for (const [key, one] of Object.entries(shared)) {
    const { cells, slots } = one as { cells?: SimulatedCells; slots?: { table: SimulatedCells } };
    if (cells === undefined) continue;
    const own = slots === undefined ? ['EXTRA or BOUND'] : [...SLOTTED, ...BARRIER];
    for (const [word, name] of HEADER.entries()) map.rename(cells.base + word, `${key}.${name}`);
    for (const [word, name] of own.entries()) map.rename(cells.base + OWN + word, `${key}.${name}`);
    if (slots === undefined) continue;
    const { base, length } = slots.table;
    const section = cells.base + OWN;
    for (const [word, name] of own.entries())
      if (GUARDED.includes(name)) guarded.set(section + word, section);
    for (let word = 0; word < length; word++) {
      const name = SLOT[word % 8] ?? `${word % 8}`;
      map.rename(base + word, `${key}.slot${Math.floor(word / 8)}.${name}`);
      if (name !== 'STATE') guarded.set(base + word, section);
    }
  }
  return guarded;
}
