/** How an operation ended, as the lane that ran it wrote it down. Also read by test/fixtures/histories/lane.js. */
export type Result =
  | 'true'
  | 'false'
  /** Unsubscribed before it emitted. */
  | 'left'
  /** Its signal was aborted, and it failed with the reason. */
  | 'aborted'
  | 'ownerDied'
  | 'notLocked'
  | 'notOwner'
  | 'broken'
  | 'rangeError'
  /** It timed out before its time. */
  | 'early'
  /** A number: a value that was read, or the index of a Barrier's party. */
  | number
  /** Its thread died in it: it may have happened or not, or in part. */
  | 'open';

/** One operation on the primitive. Times are ticks of one counter that all threads share. */
export interface Operation {
  readonly id: number;
  readonly name: string;
  /** Whose it was: what owns a lock, and what dies. 0 is main. */
  readonly thread: number;
  /** A thread may have several under way at once, one in each lane. */
  readonly lane: number;
  /** A tick taken just before the call. */
  readonly begin: number;
  /** A tick taken just after its end; Infinity when its thread died in it. */
  readonly end: number;
  readonly result: Result;
  /** Which thread's death an OwnerDiedError told of. */
  readonly owner?: number | undefined;
  readonly timeout?: number | undefined;
  /** It was not to wait at all. */
  readonly poll?: boolean | undefined;
  /** Whether it was planned to be left, and the tick at which it began to be. */
  readonly leaves?: boolean | undefined;
  readonly leave?: number | undefined;
  /** Permits released, waiters notified. */
  readonly n?: number | undefined;
  /** Of an acquire and the release that goes with it. */
  readonly pair?: number | undefined;
  readonly face?: string | undefined;
}

/** What happens to an operation between its begin and its end, at one instant each, in their order. */
export interface Step {
  readonly from: number;
  readonly to: number;
}

/**
 * A primitive as it is for one thread at a time. States are never changed, only replaced.
 *
 * @typeParam S - its state
 */
export interface Model<S> {
  readonly initial: S;
  /** The steps of an operation; none when it could end as it did at any time and changes nothing. */
  steps(operation: Operation): readonly Step[];
  /** The state after a step, or undefined when it cannot be in this state. */
  step(state: S, operation: Operation, step: number): S | undefined;
  /** Whether a step that can be taken may be taken at once: no later state would allow more. */
  eager(operation: Operation, step: number): boolean;
  /** Two states are the same when this is. */
  key(state: S): string;
  show(state: S): string;
  /** What leaving an operation out of a history does to the others: see shrink.ts. */
  weight(operation: Operation): Weight;
}

export interface Weight {
  /** It changes what the others find. */
  readonly changes: boolean;
  /** It may have ended so only because others had taken something. */
  readonly fragile: boolean;
}

/** Of what only gave up, or found what it would find without the others. */
export const LIGHT: Weight = { changes: false, fragile: false };
/** Of what was refused, or read. */
export const WITNESS: Weight = { changes: false, fragile: true };
/** Of what was taken or given back: without it less is taken. */
export const CHANGE: Weight = { changes: true, fragile: false };
/** Of what gives back what others have taken. */
export const FRAGILE_CHANGE: Weight = { changes: true, fragile: true };

/** The one instant of an operation. */
export function atOnce({ begin, end }: Operation): readonly Step[] {
  return [{ from: begin, to: end }];
}

export function inSteps({ begin, end }: Operation, count: number): readonly Step[] {
  return Array.from({ length: count }, () => ({ from: begin, to: end }));
}
