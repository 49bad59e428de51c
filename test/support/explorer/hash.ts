import type { Layout } from './layout.js';
import type { Graph } from './position.js';
import { DEAD, IS, POSITION, ROW, type State, threadOfSleeper } from './state.js';
import type { Permutation, Symmetry } from './symmetry.js';

/**
 * Two hashes of a state, of 32 bits each; states that differ only in which threads of one program changed places have the
 * same. They are sums over all words, so that of what does not move with the threads only the changes are added up.
 */
export class Hash {
  low = 0;
  high = 0;
  /** Of the words that stay where they are, whichever thread is which. */
  fixedLow = 0;
  fixedHigh = 0;
  readonly #state: State;
  readonly #layout: Layout;
  readonly #regions: number;
  readonly #symmetry: Symmetry;
  readonly #graphs: readonly Graph[];
  /** By word: whether it is one of those. */
  readonly #isFixed: Uint8Array;
  /** Words that do hold idents. */
  readonly #idents: readonly number[];
  // Of the fixed words as they were when the state was loaded.
  #loadedLow = 0;
  #loadedHigh = 0;

  constructor(state: State, layout: Layout, regions: number, symmetry: Symmetry, graphs: readonly Graph[]) {
    this.#state = state;
    this.#layout = layout;
    this.#regions = regions;
    this.#symmetry = symmetry;
    this.#graphs = graphs;
    this.#idents = [...symmetry.idents.keys()];
    this.#isFixed = new Uint8Array(state.size).fill(1);
    if (symmetry.permutations.length === 1) return;
    this.#isFixed.fill(0, state.rows);
    for (const at of [...this.#idents, layout.last]) this.#isFixed[at] = 0;
    for (let region = 0; region < regions; region++) this.#isFixed[layout.regions + region] = 0;
  }

  /** Called for the first state. */
  begin(): void {
    const { words } = this.#state;
    this.low = 0;
    this.high = 0;
    for (const [at, value] of words.entries()) if (this.#isFixed[at] === 1) this.#add(at, value);
    this.load(this.low, this.high);
  }

  /** Called when a state has been loaded, with what its fixed words came to. */
  load(low: number, high: number): void {
    this.#loadedLow = low;
    this.#loadedHigh = high;
  }

  compute(): void {
    this.#addChanges();
    const { permutations } = this.#symmetry;
    if (permutations.length === 1) return;
    let low = 0;
    let high = 0;
    for (let number = 0; number < permutations.length; number++) {
      this.low = this.fixedLow;
      this.high = this.fixedHigh;
      this.#addMoving(permutations[number] as Permutation, number);
      low = (low + mixed(this.low, 0x2c1b3c6d)) | 0;
      high = (high + mixed(this.high, 0x297a2d39)) | 0;
    }
    this.low = low;
    this.high = high;
  }

  /** To what the fixed words were when the state was loaded. */
  #addChanges(): void {
    this.low = 0;
    this.high = 0;
    this.#state.eachChange((at, before) => {
      if (this.#isFixed[at] === 1) this.#add(at, before);
    });
    const { low, high } = this;
    this.low = this.#loadedLow;
    this.high = this.#loadedHigh;
    this.#state.eachChange((at, _, after) => {
      if (this.#isFixed[at] === 1) this.#add(at, after);
    });
    this.fixedLow = this.low = (this.low - low) | 0;
    this.fixedHigh = this.high = (this.high - high) | 0;
  }

  #addMoving(permutation: Permutation, number: number): void {
    const state = this.#state;
    const symmetry = this.#symmetry;
    for (const at of this.#idents) {
      const value = state.read(at);
      if (value !== 0) this.#add(at, number === 0 ? value : symmetry.rename(permutation, at, value));
    }
    const last = state.read(this.#layout.last);
    this.#add(this.#layout.last, permutation[last] ?? last);
    for (let region = 0; region < this.#regions; region++) {
      const inside = state.read(this.#layout.regions + region);
      let bits = 0;
      for (let from = 0; from < permutation.length; from++)
        bits |= ((inside >> from) & 1) << (permutation[from] as number);
      this.#add(this.#layout.regions + region, bits);
    }
    for (let from = 0; from < permutation.length; from++)
      this.#addRow(from, permutation[from] as number, number);
    const count = state.read(state.sleepers);
    for (let index = 1; index <= count; index++) {
      const code = state.read(state.sleepers + index);
      const thread = threadOfSleeper(code);
      this.#add(state.sleepers + index, (code & ~(7 << 3)) | ((permutation[thread] as number) << 3));
    }
  }

  #addRow(from: number, to: number, number: number): void {
    const state = this.#state;
    const graph = this.#graphs[from] as Graph;
    const position = graph.positions[state.of(from, POSITION)];
    if (position === undefined) return;
    const isDead = state.of(from, IS) === DEAD;
    const there = isDead ? position : this.#symmetry.positionOf(graph, from, position, number);
    this.#add(state.rows + to * ROW + POSITION, there.id);
    for (let field = POSITION + 1; field < ROW; field++)
      this.#add(state.rows + to * ROW + field, state.of(from, field));
  }

  #add(at: number, value: number): void {
    // Zero is what most words are.
    if (value === 0) return;
    const mix = Math.imul(value ^ Math.imul(at + 1, 0x9e3779b1), 0x85ebca6b);
    this.low = (this.low + mixed(mix, 0x5bd1e995)) | 0;
    this.high = (this.high + mixed(mix ^ Math.imul(value, 0x27d4eb2f), 0x165667b1)) | 0;
  }
}

function mixed(value: number, by: number): number {
  let mix = value ^ (value >>> 15);
  mix = Math.imul(mix, by | 1);
  mix ^= mix >>> 13;
  mix = Math.imul(mix, 0xc2b2ae35);
  return mix ^ (mix >>> 16);
}
