import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

// The shared words of a crew.
export const JOB = 0;
export const BEGUN = 1;
export const ENDED = 2;
export const FIRST_OWN = 8;

/** Workers that are started once and then all do the same job at the same time, as often as asked. */
export class Crew {
  #workers = [];
  #size;
  /** For the jobs, from FIRST_OWN on. */
  cells = new Int32Array(new SharedArrayBuffer(256));
  /** When each began and ended its last job, in ms. */
  #times;

  constructor(size) {
    this.#size = size;
    this.#times = new Float64Array(new SharedArrayBuffer(size * 16));
  }

  /** @param file - a module that calls `join` */
  async start(file, data) {
    for (let number = 0; number < this.#size; number++) {
      const { cells } = this;
      const workerData = { ...data, cells, times: this.#times, number, size: this.#size };
      this.#workers.push(new Worker(file, { workerData }));
    }
    await Promise.all(this.#workers.map((worker) => once(worker, 'message')));
    return this;
  }

  /** ms from the first one's start to the last one's end. */
  async run(job) {
    Atomics.store(this.cells, BEGUN, 0);
    Atomics.store(this.cells, ENDED, 0);
    const ended = Promise.all(this.#workers.map((worker) => once(worker, 'message')));
    Atomics.store(this.cells, JOB, job);
    Atomics.notify(this.cells, JOB);
    await ended;
    const times = Array.from({ length: this.#size }, (_, at) => at * 2);
    return (
      Math.max(...times.map((at) => this.#times[at + 1])) - Math.min(...times.map((at) => this.#times[at]))
    );
  }

  async end() {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
