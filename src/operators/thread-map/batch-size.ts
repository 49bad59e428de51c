/** ms that a batch is to take. */
const AIM = 1;
const MOST = 1024;

/** How many values travel in one message: the more, the less time one takes. */
export class BatchSize {
  readonly #fixed: number | undefined;
  #size = 1;

  constructor(fixed: number | undefined) {
    this.#fixed = fixed;
  }

  /** Of so many, which are to be shared by so many workers. */
  of(available: number, workers: number): number {
    if (this.#fixed !== undefined) return this.#fixed;
    return Math.max(1, Math.min(this.#size, Math.ceil(available / workers)));
  }

  /** So many took so many ms. */
  learn(count: number, took: number): void {
    if (count === 0) return;
    const each = took / count;
    if (each * this.#size > AIM) this.#size = Math.max(1, Math.floor(AIM / each));
    else if (count * 2 > this.#size) this.#size = Math.min(MOST, this.#size * 2);
  }
}
