import type { Layout } from './layout.js';
import type { Graph } from './position.js';
import { decodeSleeper, POSITION, ROW, type State } from './state.js';
import type { Permutation, Symmetry } from './symmetry.js';

/**
 * Two hashes of a state, of 32 bits each; states that differ only in which threads of one program changed places have the
 * same. They are sums over all words, so that only what moves with the threads is added up for each way to exchange them.
 */
export class Hash {
  low = 0;
  high = 0;
  readonly #state: State;
  readonly #layout: Layout;
  readonly #regions: number;
  readonly #symmetry: Symmetry;
  readonly #graphs: readonly Graph[];
  /** By word: whether its value does not depend on which thread is which. */
  readonly #isFixed: Uint8Array;
  /** Words that do hold idents. */
  readonly #idents: readonly number[];
  // Of the fixed words as they were when the state was loaded.
  #fixedLow = 0;
  #fixedHigh = 0;

  constructor(state: State, layout: Layout, regions: number, symmetry: Symmetry, graphs: readonly Graph[]) {
    this.#state = state;
    this.#layout = layout;
    this.#regions = regions;
    this.#symmetry = symmetry;
    this.#graphs = graphs;
    this.#idents = [...symmetry.idents.keys()];
    this.#isFixed = new Uint8Array(state.size).fill(1, 0, state.rows);
    for (const at of this.#idents) this.#isFixed[at] = 0;
    this.#isFixed[layout.last] = 0;
    for (let region = 0; region < regions; region++) this.#isFixed[layout.regions + region] = 0;
  }

  /** Called when the state has been loaded. */
  begin(): void {
    this.low = 0;
    this.high = 0;
    const { words, rows } = this.#state;
    for (let at = 0; at < rows; at++) {
      const value = words[at] as number;
      if (value !== 0 && this.#isFixed[at] === 1) this.#add(at, value);
    }
    this.#fixedLow = this.low;
    this.#fixedHigh = this.high;
  }

  compute(): void {
    this.#addChanges();
    const { low: fixedLow, high: fixedHigh } = this;
    let low = 0;
    let high = 0;
    for (const [number, permutation] of this.#symmetry.permutations.entries()) {
      this.low = fixedLow;
      this.high = fixedHigh;
      this.#addMoving(permutation, number);
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
    this.low = this.#fixedLow;
    this.high = this.#fixedHigh;
    this.#state.eachChange((at, _, after) => {
      if (this.#isFixed[at] === 1) this.#add(at, after);
    });
    this.low = (this.low - low) | 0;
    this.high = (this.high - high) | 0;
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
      for (const [from, to] of permutation.entries()) bits |= ((inside >> from) & 1) << to;
      this.#add(this.#layout.regions + region, bits);
    }
    for (const [from, to] of permutation.entries()) this.#addRow(from, to, number);
    const count = state.read(state.sleepers);
    for (let index = 1; index <= count; index++) {
      const code = state.read(state.sleepers + index);
      const { thread } = decodeSleeper(code);
      this.#add(state.sleepers + index, (code & ~(7 << 3)) | ((permutation[thread] as number) << 3));
    }
  }

  #addRow(from: number, to: number, number: number): void {
    const state = this.#state;
    const graph = this.#graphs[from] as Graph;
    const position = graph.positions[state.of(from, POSITION)];
    if (position === undefined) return;
    const there = this.#symmetry.positionOf(graph, from, position, number);
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
