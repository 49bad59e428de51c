import type { LoopEvent, Operation } from './operation.js';

/**
 * How far a thread has come. The code between two operations is deterministic, so that is known by what its operations
 * came to, from the start: a history. Histories after which the thread remembers the same lead to one position.
 */
export interface Position {
  readonly id: number;
  /** The position before, of the history that came here first. */
  readonly before: Position | null;
  /** What the last operation came to, or which event ran. */
  readonly input: number;
  readonly depth: number;
  /** The next operation; null while its loop is idle, or it has ended. */
  readonly operation: Operation | null;
  readonly events: readonly LoopEvent[];
  readonly notes: readonly string[];
  /** Waits that have begun and not ended. */
  readonly waiting: number;
  readonly failure: string | null;
  readonly after: Map<number, Position>;
  /** The same when threads have changed places: see `symmetry.ts`. */
  readonly renamed: Position[];
}

/** A thread that goes on alone. */
export interface Alone {
  /** What its next operation comes to; undefined when it does not go on. */
  guess(operation: Operation): number | undefined;
  /** Whether it stops nowhere before that operation, so that nothing need be compared there. */
  passes(operation: Operation): boolean;
}

/** What threads of one program may come to. */
export interface Graph {
  /** By number. */
  readonly positions: readonly Position[];
  readonly start: Position;
  /** Where a thread comes to when its next operation comes to `input`, or when that event runs. */
  advance(from: Position, input: number, alone?: Alone): Position;
  /** Positions will be asked for again. */
  open(): void;
  /** No position is asked for any more. */
  close(): void;
}
