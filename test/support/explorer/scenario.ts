import type { Primitives, Sources, ThreadModules } from './sources.js';

/**
 * What the code of a simulated thread has besides the primitives. It must be deterministic: what it was told, by results
 * of calls and by values that came to its callbacks, says how far it has come.
 */
export interface Me {
  readonly ident: number;
  /** Takes a seat in a region; the explorer objects when there is none left. */
  enter(region: string): void;
  exit(region: string): void;
  /** For the scenario's `atEnd`. */
  note(text: string): void;
  /** Something came out that must not. */
  fail(message: string): never;
  /** A value has come to a callback. */
  hears(event: string): void;
  /** An event that may come at any time, once the thread's loop runs; returns how to call it off. */
  whenever(label: string, run: () => void): () => void;
  /** Starts the worker of that thread, by its index: its end comes to the loop of this one. */
  starts(thread: number): void;
  /** Runs when the thread's loop turns. */
  later(run: () => void): void;
  /** A wait has begun (1) or ended (-1): who is left with one at the end is stuck. */
  waits(by: 1 | -1): void;
  /** Throws on what the explorer throws to stop a thread; call first in every catch. */
  passOnStop(): void;
}

export type Program<S> = (shared: S, me: Me, primitives: Primitives & ThreadModules) => void;

/** What is left when nothing can happen any more. */
export interface End {
  /** What the threads noted, by index; of a killed one what it had noted until then. */
  readonly notes: readonly (readonly string[])[];
  /** Indices of those with a wait that never ended. */
  readonly stuck: readonly number[];
  /** Index of the thread that was killed, or -1. */
  readonly killed: number;
  /** Of all that were. */
  readonly dead: readonly number[];
  /** What `atDeath` told of a thread; 0 when it lives. */
  diedWith(thread: number): number;
  /** What the first operation of a thread came to. */
  first(thread: number): number;
  /** A word of the primitive's own cells. */
  word(cells: object, index: number): number;
}

/** Indices of the threads that may vanish. */
export function victimsOf({
  victim,
  victims,
}: Pick<Scenario<never>, 'victim' | 'victims'>): readonly number[] {
  return victims ?? (victim === undefined ? [] : [victim]);
}

export interface Scenario<S> {
  readonly sources: Sources;
  /** Makes what the threads share: primitives, each of which a thread gets its own view of. */
  shared(primitives: Primitives & ThreadModules): S;
  readonly threads: readonly Program<S>[];
  /** How many may be in each region at a time. */
  readonly regions?: Record<string, number>;
  /** The Barrier's action, as each thread runs it. */
  action?(me: Me): void;
  /** Index of the thread that may vanish, once, at any step; also lets sleepers look again. */
  readonly victim?: number;
  /** The same of several. */
  readonly victims?: readonly number[];
  /**
   * With the real table of threads, where each thread is a worker: by its index, the index of the thread that started it,
   * with which it dies; -1 for main.
   */
  readonly starters?: readonly number[];
  /** Of these: threads that loaded the library before main had, and so found no table. */
  readonly early?: readonly number[];
  /** Index of the thread that may be cancelled at any step, and then looks. */
  readonly cancels?: number;
  /** Whether sleepers look again, though nobody dies. */
  readonly looks?: true;
  /** How often 12 ms may pass at any step. */
  readonly jumps?: number;
  /** Bound: how often a thread that could go on is made to wait for another. Complete when left out. */
  readonly preemptions?: number;
  /** Whether a wait that never ends is no fault in itself. */
  readonly mayStick?: boolean;
  /** Whether nothing counts as the same but what has the same history: to test that this finds nothing else. */
  readonly apart?: true;
  /** What `atEnd` has to know of a thread that dies: a number that is kept with the state. */
  atDeath?(thread: number, word: End['word'], shared: S): number;
  /** What is wrong with the end, if anything. */
  atEnd?(end: End, shared: S): string | undefined;
}
