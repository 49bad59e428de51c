import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';

/** setTimeout's own limit; a longer one would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Something whose time comes. */
export interface Due {
  /** In the scheduler's ms. */
  readonly due: number;
}

/**
 * One timer for a queue in which each has as much time as the others: the first one's is up first. In RxJS's time,
 * which a TestScheduler makes virtual.
 */
export class QueueTimeout<D extends Due> {
  readonly #time: number;
  readonly #scheduler: SchedulerLike;
  readonly #first: () => D | undefined;
  readonly #up: (first: D) => void;
  #timer: Subscription | undefined;

  /**
   * @param time - in ms; Infinity: for ever
   * @param first - of the queue
   * @param up - the first one's time is; it must leave the queue
   */
  constructor(
    time: number,
    first: () => D | undefined,
    up: (first: D) => void,
    scheduler: SchedulerLike = asyncScheduler,
  ) {
    this.#time = time;
    this.#first = first;
    this.#up = up;
    this.#scheduler = scheduler;
  }

  /** For one that comes now. */
  due(): number {
    return this.#time === Number.POSITIVE_INFINITY ? this.#time : this.#scheduler.now() + this.#time;
  }

  /** To be called when the queue has changed, and at the end. */
  watch(): void {
    if (this.#time === Number.POSITIVE_INFINITY) return;
    const first = this.#first();
    if (first === undefined) this.stop();
    else if (this.#timer === undefined) this.#arm(first);
  }

  stop(): void {
    this.#timer?.unsubscribe();
    this.#timer = undefined;
  }

  #arm(first: D): void {
    const left = Math.max(0, first.due - this.#scheduler.now());
    // A scheduler of the user's may run it at once.
    let ran = false;
    const run = (): void => {
      ran = true;
      this.#timer = undefined;
      this.#look();
    };
    const timer = this.#scheduler.schedule(run, Math.min(Math.ceil(left), LONGEST));
    if (!ran) this.#timer = timer;
  }

  #look(): void {
    const now = this.#scheduler.now();
    for (let first = this.#first(); first !== undefined; first = this.#first()) {
      if (first.due > now) {
        if (this.#timer === undefined) this.#arm(first);
        return;
      }
      this.#up(first);
    }
  }
}
