import { add, allocate, type Cells, load, wake } from '../../primitives/memory/word.js';
import { CLAIM_WORDS, JobClaims } from './job-claims.js';

/**
 * The shared words of a session: what the starter and the worker tell each other without a message.
 *
 * BELL: the starter adds 1 after each message that it posts, and wakes the worker, which sleeps on it between two jobs.
 */
export const BELL = 0;
/**
 * 0 -the worker, as the session opens-> OPEN -the worker, as it looks at job `seq`-> `seen(seq)`
 * Whether it runs that job or finds it taken back: a worker that has seen it is none that hangs.
 */
export const SEEN = 1;
export const OPEN = 1;
/** From here on: job-claims.ts. */
const CLAIMS = 2;

export function allocateSession(): Cells {
  return allocate(CLAIMS + CLAIM_WORDS);
}

export function claimsOf(cells: Cells): JobClaims {
  return new JobClaims(cells, CLAIMS);
}

const SEQS = 0x3fff_ffff;

/** What SEEN is once the worker has looked at the job. */
export function seen(seq: number): number {
  return OPEN + 1 + (seq & SEQS);
}

/** Called by the starter: whether the worker has looked at that job, or at a later one. */
export function hasSeen(cells: Cells, seq: number): boolean {
  return ((load(cells, SEEN) - seen(seq)) & SEQS) <= SEQS >> 1;
}

/** Called by the starter after a message. */
export function ring(cells: Cells): void {
  add(cells, BELL, 1);
  wake(cells, BELL, 1);
}
