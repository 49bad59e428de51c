import type { Cells } from '../../../src/primitives/memory/word.js';

/** Words of the simulated memory, as the code under test holds them. */
export class SimulatedCells {
  readonly base: number;
  readonly length: number;

  constructor(base: number, length: number) {
    this.base = base;
    this.length = length;
  }

  /** What is sent to other threads. */
  get buffer(): this {
    return this;
  }
}

/** Words of `world`, seen as the real thing by the types. */
export function asCells(cells: SimulatedCells): Cells {
  return cells as unknown as Cells;
}

/** The index in the whole simulated memory of a word. */
export function addressOf(cells: Cells, index: number): number {
  const { base, length } = cells as unknown as SimulatedCells;
  if (!(index >= 0 && index < length)) throw new RangeError(`no word ${index} of ${length}`);
  return base + index;
}

const FLAGS = ['SLEEPERS', 'AGENTS', 'WATCHED', 'TURN_ASKED'];

/** Which words there are and what to call them. */
export class MemoryMap {
  readonly #names: string[] = [];

  get size(): number {
    return this.#names.length;
  }

  /** `names` are of the first words; the others are numbered. */
  allocate(what: string, words: number, names: readonly (string | undefined)[] = []): SimulatedCells {
    const base = this.#names.length;
    for (let word = 0; word < words; word++) this.#names.push(`${what}.${names[word] ?? word}`);
    return new SimulatedCells(base, words);
  }

  rename(at: number, name: string): void {
    this.#names[at] = name;
  }

  nameOf(at: number): string {
    return this.#names[at] ?? `#${at}`;
  }
}

/** A word with its flags by name. */
export function showWord(word: number): string {
  const flags = FLAGS.filter((_, bit) => (word & (1 << (30 - bit))) !== 0);
  const value = word & ((1 << 27) - 1);
  return word < 0 || flags.length === 0 ? `${word}` : [value, ...flags].join('|');
}
