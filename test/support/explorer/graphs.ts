import { fingerprint } from './fingerprint.js';
import type { SimulatedProcess } from './port.js';
import type { Graph } from './position.js';
import type { Scenario } from './scenario.js';
import type { SetUp } from './set-up.js';
import { SimulatedThread } from './simulated-thread.js';

/** So many positions are kept for scenarios to come, those of the scenarios explored last. */
const MOST_KEPT = 150_000;

/** By what they follow from: graphs of positions of the scenarios before, oldest first. */
const kept = new Map<string, Graph>();
const numbers = new WeakMap<object, number>();
let count = 0;

/** The graphs of one scenario, by the index of the thread; some are there from a scenario of the same program and primitives. */
export class Graphs<S> {
  readonly #scenario: Scenario<S>;
  readonly #shared: S;
  readonly #setUp: SetUp;
  readonly #process: SimulatedProcess | undefined;
  readonly #open = new Map<number, Graph>();
  /** What all its threads have; undefined when the graphs cannot serve another scenario. */
  readonly #common: string | undefined;

  constructor(scenario: Scenario<S>, shared: S, setUp: SetUp, process: SimulatedProcess | undefined) {
    this.#scenario = scenario;
    this.#shared = shared;
    this.#setUp = setUp;
    this.#process = process;
    const { sources, action, regions = {}, apart } = scenario;
    if (process !== undefined || apart === true) return;
    this.#common = fingerprint([numberOf(sources), numberOf(action), regions, shared], new Map());
  }

  of(thread: number): Graph {
    let graph = this.#open.get(thread);
    if (graph === undefined) {
      graph = this.#reopened(thread) ?? this.#made(thread);
      this.#open.set(thread, graph);
    }
    return graph;
  }

  #made(thread: number): Graph {
    return new SimulatedThread(this.#scenario, this.#shared, thread, this.#setUp, this.#process);
  }

  #reopened(thread: number): Graph | undefined {
    const graph = kept.get(this.#key(thread));
    if (graph === undefined) return undefined;
    // While it is open it may not be another scenario's.
    kept.delete(this.#key(thread));
    graph.open();
    return graph;
  }

  #key(thread: number): string {
    return `${thread} ${numberOf(this.#scenario.threads[thread])} ${this.#common}`;
  }

  close(): void {
    for (const [thread, graph] of this.#open) {
      graph.close();
      if (this.#common !== undefined) kept.set(this.#key(thread), graph);
    }
    let positions = 0;
    for (const graph of kept.values()) positions += graph.positions.length;
    for (const [key, graph] of kept) {
      if (positions <= MOST_KEPT) break;
      kept.delete(key);
      positions -= graph.positions.length;
    }
  }
}

function numberOf(one: object | undefined): number {
  if (one === undefined) return 0;
  let number = numbers.get(one);
  if (number === undefined) {
    number = ++count;
    numbers.set(one, number);
  }
  return number;
}
