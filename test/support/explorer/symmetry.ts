import type { Operation } from './operation.js';
import type { Graph, Position } from './position.js';
import { type Scenario, victimsOf } from './scenario.js';
import { FIRST_IDENT } from './simulated-modules.js';

/** Where each thread goes, by index. */
export type Permutation = readonly number[];

/** More threads than that of one program are not exchanged: there are too many ways to do so. */
const MOST_PERMUTATIONS = 6;

/**
 * Threads of one program can be exchanged: states that differ in that alone are one.
 *
 * They share one graph of positions, that of the first of them: the others see the memory as if they had changed places
 * with the first, in the words that hold idents. So a program must not tell its own ident, nor an ident go anywhere else
 * than into those words: `name-words.ts` names them.
 */
export class Symmetry {
  /** Every way to exchange threads of one program, that of leaving all in place first. */
  readonly permutations: readonly Permutation[];
  /** By thread: the first one of its program. */
  readonly firsts: readonly number[];
  /** Words that hold idents, with the bits that do. */
  readonly idents: ReadonlyMap<number, number>;
  /** By thread: the exchange of it and the first of its program; undefined when it is the first itself. */
  readonly #views: readonly (Permutation | undefined)[];
  readonly #locals: readonly (readonly (Local | undefined)[])[];

  constructor({ threads, cancels, apart, ...dying }: Scenario<never>, idents: ReadonlyMap<number, number>) {
    this.idents = idents;
    const victims = victimsOf(dying);
    const isAlone = (thread: number): boolean =>
      apart === true || victims.includes(thread) || thread === cancels;
    this.firsts = threads.map((program, thread) => {
      const first = threads.findIndex((other, index) => other === program && !isAlone(index));
      return isAlone(thread) ? thread : first;
    });
    const all = permutationsOf(this.firsts);
    this.permutations = all.length > MOST_PERMUTATIONS ? all.slice(0, 1) : all;
    this.#views = this.firsts.map((first, thread) =>
      first === thread ? undefined : exchange(threads.length, first, thread),
    );
    this.#locals = this.#localPermutations();
  }

  /** What a thread sees in a word, from what is there; and the other way round. */
  seen(thread: number, at: number, value: number): number {
    const view = this.#views[thread];
    return view === undefined ? value : this.rename(view, at, value);
  }

  /** An operation that a thread's position tells, on the memory as it is. */
  onMemory(thread: number, operation: Operation): Operation {
    const view = this.#views[thread];
    if (view === undefined) return operation;
    if (operation.does === 'lives')
      return { ...operation, thread: view[operation.thread] ?? operation.thread };
    if (!('at' in operation) || !this.idents.has(operation.at)) return operation;
    const { at } = operation;
    switch (operation.does) {
      case 'store':
      case 'exchange':
        return { ...operation, by: this.rename(view, at, operation.by) };
      case 'compareExchange': {
        const by = this.rename(view, at, operation.by);
        return { ...operation, by, expected: this.rename(view, at, operation.expected) };
      }
      case 'park':
      case 'parkAsync':
        return { ...operation, expected: this.rename(view, at, operation.expected) };
      default:
        return operation;
    }
  }

  /** A word's value when threads have changed places. */
  rename(permutation: Permutation, at: number, value: number): number {
    const mask = this.idents.get(at);
    if (mask === undefined) return value;
    const to = permutation[(value & mask) - FIRST_IDENT];
    return to === undefined ? value : (value & ~mask) | (to + FIRST_IDENT);
  }

  /** The position of a thread, in the graph of its program, when all have changed places; by the number of how. */
  positionOf(graph: Graph, thread: number, position: Position, number: number): Position {
    const local = this.#locals[number]?.[thread];
    return local === undefined ? position : this.#renamed(graph, position, local);
  }

  #renamed(graph: Graph, position: Position, local: Local): Position {
    if (position.before === null) return position;
    const known = position.renamed[local.number];
    if (known !== undefined) return known;
    const before = this.#renamed(graph, position.before, local);
    const { operation } = position.before;
    const holds = operation !== null && 'at' in operation && !operation.does.startsWith('park');
    const input = holds ? this.rename(local.permutation, operation.at, position.input) : position.input;
    const renamed = graph.advance(before, input);
    position.renamed[local.number] = renamed;
    return renamed;
  }

  /** By the number of a permutation and by thread: how it looks in the graph of the thread's program. */
  #localPermutations(): (Local | undefined)[][] {
    return this.permutations.map((all) =>
      all.map((there, thread) => {
        const before = this.#views[thread];
        const after = this.#views[there];
        const permutation = all.map((_, index) => {
          const real = all[before?.[index] ?? index] as number;
          return after?.[real] ?? real;
        });
        if (permutation.every((to, index) => to === index)) return undefined;
        const key = permutation.join();
        const number = numbers.get(key) ?? numbers.size;
        numbers.set(key, number);
        return { permutation, number };
      }),
    );
  }
}

/** By the permutation: the same for all scenarios, because graphs of positions are kept for the next. */
const numbers = new Map<string, number>();

interface Local {
  readonly permutation: Permutation;
  readonly number: number;
}

function exchange(threads: number, one: number, other: number): Permutation {
  return Array.from({ length: threads }, (_, thread) =>
    thread === one ? other : thread === other ? one : thread,
  );
}

/** All that leave each thread among those of its program. */
function permutationsOf(firsts: readonly number[]): Permutation[] {
  let found: number[][] = [[]];
  for (const first of firsts) {
    found = found.flatMap((places) =>
      firsts.flatMap((other, to) => (other === first && !places.includes(to) ? [[...places, to]] : [])),
    );
  }
  const inPlace = found.findIndex((places) => places.every((to, index) => to === index));
  return [found[inPlace] as number[], ...found.filter((_, index) => index !== inPlace)];
}
