import type { EventLoop } from './event-loop.js';
import type { MemoryMap, SimulatedCells } from './memory-map.js';
import type { Operation } from './operation.js';

/** A process whose threads are workers with a table of their own: what the table's code stands on. */
export interface SimulatedProcess {
  /** What workers inherit. */
  readonly environment: Map<unknown, unknown>;
  /** By a thread's index: in which thread its worker was started; -1: main. */
  readonly starters: readonly number[];
  /** Threads that loaded the library before main had. */
  readonly early: readonly number[];
}

/** How the code of one simulated thread reaches everything outside of it. */
export interface Port {
  readonly thread: number;
  readonly loop: EventLoop;
  /** Does it, or tells what it came to when it was done before. */
  perform(operation: Operation): number;
  /** What the next operation came to when it was done before; undefined when it was not. */
  known?(): number | undefined;
  /** Where new primitives get their words; only while the scenario is set up. */
  readonly allocator: MemoryMap | null;
  /** The words that the scenario keeps for a primitive that this thread makes. */
  reserved?(words: number): SimulatedCells | undefined;
  /** With a table of threads that is the real one. */
  readonly process?: SimulatedProcess | undefined;
}
