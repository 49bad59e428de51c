import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';

/** setTimeout's own limit; a longer one would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** An item of a queue whose time comes. */
export interface Due {
  /** On the queue's clock, in ms: what `QueueTimeout.due` returned. */
  readonly due: number;
}

/**
 * One timer for a queue whose items may each wait as long as the others, so that the first one's time is up first. In
 * RxJS's time, which a TestScheduler makes virtual; but on a clock that only goes forward, where the scheduler's would be
 * the one on the wall, which people and networks set.
 *
 * Invariant: while the queue has a first item, the timer runs, or `#look` is on the stack.
 */
export class QueueTimeout<D extends Due> {
  /** ms that an item may wait; Infinity: for ever. */
  readonly time: number;
  readonly #scheduler: SchedulerLike;
  readonly #now: () => number;
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
    this.time = time;
    this.#first = first;
    this.#up = up;
    this.#scheduler = scheduler;
    this.#now = clockOf(scheduler);
  }

  /** When the time is up of an item that comes now. */
  due(): number {
    return this.time === Number.POSITIVE_INFINITY ? this.time : this.#now() + this.time;
  }

  /** Must be called whenever the queue has got or lost a first item. */
  watch(): void {
    if (this.time === Number.POSITIVE_INFINITY) return;
    const first = this.#first();
    if (first === undefined) this.stop();
    else if (this.#timer === undefined) this.#arm(first);
  }

  stop(): void {
    this.#timer?.unsubscribe();
    this.#timer = undefined;
  }

  #arm(first: D): void {
    const { due } = first;
    const left = Math.max(0, Math.ceil(due - this.#now()));
    // A scheduler of the user's may call it before `schedule` returns.
    let ran = false;
    const run = (): void => {
      ran = true;
      this.#timer = undefined;
      // The scheduler's word is taken for it: its time may pass at another rate than the clock's, as fake timers' does.
      this.#look(left > LONGEST ? this.#now() : Math.max(due, this.#now()));
    };
    const timer = this.#scheduler.schedule(run, Math.min(left, LONGEST));
    if (!ran) this.#timer = timer;
  }

  #look(time: number): void {
    for (let first = this.#first(); first !== undefined; first = this.#first()) {
      if (first.due > time) {
        if (this.#timer === undefined) this.#arm(first);
        return;
      }
      this.#up(first);
    }
  }
}

/** Of a scheduler in real time, Node's monotonic clock, as fake timers may have replaced it; otherwise its own. */
function clockOf(scheduler: SchedulerLike): () => number {
  const isReal = Math.abs(scheduler.now() - Date.now()) < SAME_MS;
  return isReal ? () => performance.now() : () => scheduler.now();
}

/** Between two looks at one clock, in ms: less than 1, unless the thread is held up in between. */
const SAME_MS = 1000;
