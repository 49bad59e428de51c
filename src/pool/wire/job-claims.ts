import { type Cells, compareExchange, load, store } from '../../primitives/memory/word.js';

/** Words in the ring, one a job. So many jobs may be offered or running at once, and no more. */
export const CLAIM_WORDS = 256;
const TAKEN_BACK = -1;

/**
 * Who has a job of a session: the starter, which may take it back and give it to another worker, or the session's worker.
 * Job `seq` has the word `seq & 255` of a ring.
 *
 *   any word of a job that is over -the starter, before it posts the job-> an offer, -2 - seq
 *   the offer -the worker, about to begin-> the ident of the job's thread, which stays until the word is offered again
 *   the offer -the starter-> TAKEN_BACK
 * Invariant: a job is the worker's once the word is an ident, and the starter's while the word is negative.
 *
 * Each offer is a number of its own: a job that was taken back still lies in the worker's queue, and would claim the word
 * of the job that has the same word 256 jobs later, if all offers were one number. The worker has the ident before the
 * compare-exchange, so that the starter learns from the word alone whom to cancel, kill or report.
 */
export class JobClaims {
  readonly #cells: Cells;
  readonly #first: number;

  /** @param first - index of the ring's first word */
  constructor(cells: Cells, first: number) {
    this.#cells = cells;
    this.#first = first;
  }

  /** Called by the starter before it posts the job. The job that had the word before must be over, or taken back. */
  offer(seq: number): void {
    store(this.#cells, this.#word(seq), offerOf(seq));
  }

  /** Called by the starter, of a job that was offered and has not ended. false: the worker has claimed it, or it was taken back before. */
  takeBack(seq: number): boolean {
    const offer = offerOf(seq);
    return compareExchange(this.#cells, this.#word(seq), offer, TAKEN_BACK) === offer;
  }

  /** Called by the starter, of a job that was offered: its thread's ident; 0: the worker has not claimed it. */
  identOf(seq: number): number {
    return Math.max(0, load(this.#cells, this.#word(seq)));
  }

  /** Called by the worker. false: the job was taken back, and `claim` would be in vain. */
  isOffered(seq: number): boolean {
    return load(this.#cells, this.#word(seq)) === offerOf(seq);
  }

  /** Called by the worker as it is about to begin the job. false: the job was taken back, and is not to be run. */
  claim(seq: number, ident: number): boolean {
    const offer = offerOf(seq);
    return compareExchange(this.#cells, this.#word(seq), offer, ident) === offer;
  }

  #word(seq: number): number {
    return this.#first + (seq & (CLAIM_WORDS - 1));
  }
}

function offerOf(seq: number): number {
  return -2 - (seq & 0x3fff_ffff);
}
