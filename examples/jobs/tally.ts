import type { JobEvent } from './run-jobs.js';

/** What has happened so far. */
export interface Tally {
  readonly total: number;
  readonly done: number;
  readonly retried: number;
  readonly bytes: number;
  readonly failures: readonly { readonly frame: number; readonly error: Error }[];
  /** How much of the contact sheet there is, 0 to 1. */
  readonly sheet: number;
}

export function emptyTally(total: number): Tally {
  return { total, done: 0, retried: 0, bytes: 0, failures: [], sheet: 0 };
}

export function count(tally: Tally, event: JobEvent): Tally {
  switch (event.kind) {
    case 'done':
      return { ...tally, done: tally.done + 1, bytes: tally.bytes + event.bytes };
    case 'retried':
      return { ...tally, retried: tally.retried + 1 };
    case 'failed':
      return { ...tally, failures: [...tally.failures, event] };
    case 'sheet':
      return { ...tally, sheet: event.part };
  }
}

/** Jobs that are done or have failed for good. */
export function ended({ done, failures }: Tally): number {
  return done + failures.length;
}
