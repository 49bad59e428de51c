import type { Settle } from '../../primitives/waiting/wait.js';

/** A job that one of the workers has. */
interface Sent {
  leave(): void;
}

/**
 * One job for each of several workers: ends with what they give, in the order of the workers, or with the first error, and
 * then leaves the others. A worker that ends before its turn is left out.
 */
export class Broadcast<R> {
  readonly #settle: Settle<R[]>;
  readonly #jobs: Sent[] = [];
  readonly #results: R[] = [];
  /** Jobs that have not ended. */
  #pending: number;
  #over = false;

  /** @param count - how many jobs there will be */
  constructor(count: number, settle: Settle<R[]>) {
    this.#settle = settle;
    this.#pending = count;
    if (count === 0) settle.resolve([]);
  }

  /** Where the job of the nth worker ends. */
  end(nth: number): Settle<R> {
    return {
      resolve: (value) => {
        this.#results[nth] = value;
        this.#ended();
      },
      reject: (error) => this.fail(error),
    };
  }

  #ended(): void {
    this.#pending--;
    // Without the holes of those that are left out.
    if (this.#pending === 0 && !this.#over) this.#settle.resolve(this.#results.filter(() => true));
  }

  sent(job: Sent): void {
    this.#jobs.push(job);
    if (this.#over) job.leave();
  }

  /** Its worker is gone. */
  leaveOut(job: Sent): void {
    job.leave();
    this.#ended();
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.leave();
    this.#settle.reject(error);
  }

  leave(): void {
    this.#over = true;
    for (const job of this.#jobs) job.leave();
  }
}
