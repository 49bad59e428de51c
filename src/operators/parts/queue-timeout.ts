import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';

/** setTimeout's own limit; a longer one would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** An item of a queue whose time comes. */
export interface Due {
  /** In the scheduler's ms. */
  readonly due: number;
}

/**
 * One timer for a queue whose items may each wait as long as the others, so that the first one's time is up first. In
 * RxJS's time, which a TestScheduler makes virtual.
 */
export class QueueTimeout<D extends Due> {
  readonly #time: number;
  readonly #scheduler: SchedulerLike;
  readonly #first: () => D | undefined;
  readonly #up: (first: D) => void;
  #timer: Subscription | undefined;

  /**
   * @param time - ms that an item may wait; Infinity: for ever
   * @param first - the first item of the queue
   * @param up - called with the first item when its time is up; must take it out of the queue
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

  /** When the time is up of an item that comes now. */
  due(): number {
    return this.#time === Number.POSITIVE_INFINITY ? this.#time : this.#scheduler.now() + this.#time;
  }

  /** Must be called whenever the queue has got or lost a first item. */
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
    // A scheduler of the user's may call it before `schedule` returns.
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
