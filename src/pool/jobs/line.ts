import type { Job } from '../workers/job.js';

/** An array is compacted when less than half of it is still wanted, unless it is so short. */
const SHORT = 32;

/**
 * The jobs of one priority that wait for a worker: first come, first served; anybody may leave from anywhere. An array rather than a
 * linked list: links between old and new objects cost the garbage collector more than all else that a long line does.
 *
 * Invariant: those that were given back are older than all others, and each job stands in it once.
 */
export class Line {
  #all: (Job | undefined)[] = [];
  /** Index of the first in `#all` that may still wait. */
  #at = 0;
  /** Those that a session had and gave back, by their order. */
  #returned: Job[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(job: Job): void {
    this.#all.push(job);
    this.#size++;
  }

  /** Puts jobs back where they stood. */
  giveBack(jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    this.#returned.push(...jobs);
    this.#returned.sort((a, b) => a.order - b.order);
    this.#size += jobs.length;
  }

  first(): Job | undefined {
    while (this.#returned[0]?.over === true) this.#returned.shift();
    if (this.#returned[0] !== undefined) return this.#returned[0];
    while (this.#at < this.#all.length) {
      const job = this.#all[this.#at];
      if (job !== undefined && !job.over) return job;
      this.#all[this.#at++] = undefined;
    }
    return undefined;
  }

  /** So many at most, the first ahead. */
  oldest(most: number): Job[] {
    const found = this.#returned.filter(({ over }) => !over).slice(0, most);
    for (let at = this.#at; at < this.#all.length && found.length < most; at++) {
      const job = this.#all[at];
      if (job !== undefined && !job.over) found.push(job);
    }
    return found;
  }

  /** Takes the first out. */
  shift(): Job | undefined {
    const job = this.first();
    if (job === undefined) return undefined;
    if (job === this.#returned[0]) this.#returned.shift();
    else this.#all[this.#at++] = undefined;
    this.#size--;
    this.#compact();
    return job;
  }

  /** Called after one that stands in it has been withdrawn: its `over` is set. */
  left(): void {
    this.#size--;
    this.#compact();
  }

  #compact(): void {
    const { length } = this.#all;
    if (this.#size === 0) {
      this.#all = [];
      this.#returned = [];
    } else if (length <= SHORT || length < 2 * this.#size) return;
    else this.#all = this.#all.filter((job) => job !== undefined && !job.over);
    this.#at = 0;
  }
}
