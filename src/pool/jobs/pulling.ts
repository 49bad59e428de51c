import { show } from '../../primitives/options.js';
import { nextTurn } from '../../primitives/waiting/event-loop.js';
import { apart } from '../../primitives/waiting/unheard.js';

/** Values that are pulled without a turn of the event loop: room may come as fast as they do, and they for ever. */
const MOST_PULLED = 4096;

/** What can be pulled: it makes its next value only when it is asked for it. */
export type Pullable<T> = Iterable<T> | AsyncIterable<T>;

/** Who takes what is pulled: `ThreadPool.map`, and `threadMap` of a `pulled` source. */
export interface Taker<T> {
  /** Whether it has room for one value more: asked before each is pulled. */
  hasRoom(): boolean;
  next(value: T): void;
  /** The iterator has thrown, or rejected. */
  error(error: unknown): void;
  complete(): void;
}

/**
 * One run through an iterable, which is pulled only while its taker has room: never more than one value is asked for at a
 * time, and none before `pull` is called.
 *
 * resting -`pull` finds room-> asked for a value -it comes-> resting, for a turn of the event loop if many have come without;
 * asked -there is none, or an error-> ended;
 * resting or asked -`stop`-> ended, and the iterator is told by its `return`, so that it can clean up.
 * Invariant: while the taker has room and the run has not ended, a value is asked for, a turn of the event loop is waited
 * for, or `pull` is on the stack.
 *
 * @example
 * const pulling = new Pulling(rows, { hasRoom: () => waiting < 100, next, error, complete });
 * pulling.pull(); // now, and again whenever room may have come
 */
export class Pulling<T> {
  readonly #iterator: Iterator<T> | AsyncIterator<T>;
  readonly #taker: Taker<T>;
  readonly #awaits: boolean;
  /** The loop of `pull` is on the stack, or waits for a value or a turn. */
  #pulling = false;
  /** Values since it waited for a turn. */
  #count = 0;
  /** The iterator's own code runs: a generator cannot be told to return meanwhile. */
  #inside = false;
  /** `stop` was called by that code. */
  #toReturn = false;
  #ended = false;

  /** @throws whatever the iterable's own code throws as it makes its iterator */
  constructor(source: Pullable<T>, taker: Taker<T>) {
    this.#awaits = isAsync(source);
    this.#iterator = this.#awaits
      ? (source as AsyncIterable<T>)[Symbol.asyncIterator]()
      : (source as Iterable<T>)[Symbol.iterator]();
    this.#taker = taker;
  }

  /** Pulls as long as there is room. To be called at the begin, and whenever room may have come. */
  pull(): void {
    if (this.#pulling) return;
    this.#pulling = true;
    while (!this.#ended && this.#taker.hasRoom()) {
      if (this.#count++ === MOST_PULLED) {
        this.#count = 0;
        nextTurn(this.#resume);
        return;
      }
      const asked = this.#ask();
      if (this.#awaits && asked !== undefined) {
        this.#await(asked);
        return;
      }
      this.#came(asked as IteratorResult<T> | undefined);
    }
    this.#pulling = false;
  }

  /**
   * No more is pulled. An error of the iterator's `return` is thrown; where that is asynchronous nobody is left to take
   * it, and it is an unhandled rejection.
   */
  stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#inside) this.#toReturn = true;
    else void this.#iterator.return?.();
  }

  /** undefined: the run has ended by it. */
  #ask(): IteratorResult<T> | Promise<IteratorResult<T>> | undefined {
    this.#inside = true;
    try {
      return this.#iterator.next();
    } catch (error) {
      this.#failed(error);
      return undefined;
    } finally {
      this.#inside = false;
      if (this.#toReturn) void this.#iterator.return?.();
    }
  }

  /** `#pulling` holds until it has come. */
  #await(asked: IteratorResult<T> | Promise<IteratorResult<T>>): void {
    void Promise.resolve(asked)
      .then(
        (result) => apart(() => this.#came(result)),
        (error) => apart(() => this.#failed(error)),
      )
      .then(this.#resume);
  }

  readonly #resume = (): void => {
    this.#pulling = false;
    apart(() => this.pull());
  };

  #came(result: IteratorResult<T> | undefined): void {
    if (this.#ended) return;
    if (typeof result !== 'object' || result === null)
      this.#failed(new TypeError(`what an iterator's next gives must be an object, got ${show(result)}`));
    else if (result.done !== true) this.#taker.next(result.value);
    else {
      this.#ended = true;
      this.#taker.complete();
    }
  }

  #failed(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#taker.error(error);
  }
}

/** As RxJS and `for await` have it: one whose method is null has none. */
function isAsync(source: unknown): source is AsyncIterable<unknown> {
  return (
    typeof (source as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] ===
    'function'
  );
}

/** @throws TypeError unless it can be pulled */
export function checkPullable(source: unknown): void {
  const iterates = (source as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator];
  if (!isAsync(source) && typeof iterates !== 'function')
    throw new TypeError(`source must be an iterable or an async iterable, got ${show(source)}`);
}
