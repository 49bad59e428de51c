import { type Leavable, LeavableQueue } from '../../primitives/waiting/leavable-queue.js';

/** A job that takes a place when it is its turn. */
export interface Queued extends Leavable {
  /** Called when it has a place, which is given back with `release`; it stands in line no more. Does not throw. */
  begin(): void;
}

/**
 * The places of a pool, one a worker, and the line of jobs that wait for one: first come, first served.
 *
 * Piscina has a queue of its own, but one that serves jobs that can be aborted in no order, and searches through all of
 * them when one is dropped. So it is given no job before there is a worker for it, or room for one more.
 * Invariant: nobody queues while a place is free. So whoever queues, somebody runs; those who run keep the process alive,
 * and the line need not.
 */
export class Places {
  readonly size: number;
  readonly #changed: () => void;
  readonly #line = new LeavableQueue<Queued>();
  #busy = 0;
  #ending = 0;
  #calling = false;
  readonly #emptied: (() => void)[] = [];

  /** @param changed - called when a job has come or gone */
  constructor(size: number, changed: () => void) {
    this.size = size;
    this.#changed = changed;
  }

  get busy(): number {
    return this.#busy;
  }

  get queued(): number {
    return this.#line.size;
  }

  /** Whether a newcomer would begin at once. */
  get hasRoom(): boolean {
    return this.#busy < this.size && this.#line.size === 0;
  }

  /** Places of jobs that are over for their users, and whose workers have yet to say so. */
  get ending(): number {
    return this.#ending;
  }

  /** Begins at once, or stands in line. */
  submit(turn: Queued): void {
    if (this.hasRoom) {
      this.#busy++;
      turn.begin();
    } else this.#line.push(turn);
    this.#update();
  }

  /** Called by a job that stood in line and has left it. */
  withdrawn(): void {
    this.#line.shrink();
    this.#update();
  }

  /** Called once the user of a job with a place knows how it ended; its worker may not be free yet. */
  told(): void {
    this.#ending++;
  }

  /** A job gives its place back. @param told - `told` was called for it */
  release(told: boolean): void {
    this.#busy--;
    if (told) this.#ending--;
    this.#call();
    this.#update();
  }

  /** Not re-entrant: one that releases its place while it begins does not begin the next, or a long line recurses. */
  #call(): void {
    if (this.#calling) return;
    this.#calling = true;
    while (this.#busy < this.size) {
      const next = this.#line.first();
      if (next === undefined) break;
      this.#busy++;
      next.begin();
      this.#line.shrink();
    }
    this.#calling = false;
  }

  /** Resolves when no job has a place or stands in line. */
  async whenEmpty(): Promise<void> {
    while (this.#busy > 0 || this.queued > 0)
      await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  #update(): void {
    if (this.#busy === 0 && this.queued === 0) for (const tell of this.#emptied.splice(0)) tell();
    this.#changed();
  }
}
