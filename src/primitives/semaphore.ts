import type { Observable } from 'rxjs';
import type { Acquirable } from './acquirable.js';
import { ACQUIRES, FLAGS, OWN, SLEEPERS, TURN_ASKED, VALUE, WORD } from './memory/layout.js';
import { add, compareExchange, load, peek, store, wake } from './memory/word.js';
import {
  type AcquireOptions,
  type AcquireSyncOptions,
  checkCount,
  type PrimitiveOptions,
} from './options.js';
import { type Origin, Shared } from './primitive.js';
import { Synchronizer } from './synchronizer.js';
import type { PrimitiveKind } from './threads/contention.js';
import { ALL } from './threads/trace-flag.js';
import type { Outcome } from './waiting/attempt.js';
import { valueStream } from './waiting/state-stream.js';
import { emit, levels, tracing } from './waiting/trace.js';
import type { Wait } from './waiting/wait.js';

/** The most permits that a BoundedSemaphore takes back; VALUE for others. */
export const BOUND: number = OWN;

/**
 * A counter of permits: acquiring takes one, waiting while there is none; any thread may release. Permits have no
 * owner: those that a killed thread had taken are gone. Source: CPython, `threading.Semaphore`.
 *
 * @param value - the permits to begin with; default 1
 * @throws TypeError, RangeError unless `value` is a whole number from 0 to 134,217,727; for bad options
 * @example
 * const slots = new Semaphore(3);
 * const permit = await slots.hold();
 * console.log(slots.value); // prints 2
 * permit.release();
 */
export class Semaphore extends Synchronizer implements Acquirable {
  // VALUE: the permits that are left.

  #values: Observable<number> | undefined;

  constructor(value: number = 1, options?: PrimitiveOptions) {
    checkCount('value', value, 0, VALUE);
    super(options as Origin | undefined);
    if (options instanceof Shared) return;
    store(this.cells, WORD, value);
    store(this.cells, BOUND, VALUE);
  }

  /**
   * Emits true once a permit is taken, false when `blocking: false` or `timeout` (ms) gave up. Unsubscribing before gives
   * the place up; after, the permit must still be released.
   *
   * @throws TypeError, RangeError for bad options; as the Observable's error: the reason of `signal`
   */
  acquire(options?: AcquireOptions): Wait<boolean> {
    return this.acquireAsWait(options);
  }

  /**
   * Blocks the thread. true once a permit is taken, false when `blocking: false` or `timeout` (ms) gave up.
   *
   * @throws TypeError, RangeError for bad options; the reason when the thread is cancelled
   */
  acquireSync(options?: AcquireSyncOptions): boolean {
    if (options === undefined && levels() === 0) {
      // May be what it was a moment ago: then the compare-exchange fails. Without flags, the word is the value.
      const word = peek(this.cells, WORD);
      if (word > 0 && word <= VALUE && compareExchange(this.cells, WORD, word, word - 1) === word)
        return true;
    }
    return this.acquireBlocking(options);
  }

  /**
   * Gives `n` permits back, or adds new ones; any thread may.
   *
   * @param n - default 1
   * @throws TypeError, RangeError when `n` < 1, or past the bound: then nothing changes
   */
  release(n: number = 1): void {
    if (n !== 1) checkCount('n', n, 1, VALUE);
    else if (!tracing()) {
      // Below the bound, which never changes, the word has no flags.
      const word = peek(this.cells, WORD);
      if (
        word >= 0 &&
        word < peek(this.cells, BOUND) &&
        compareExchange(this.cells, WORD, word, word + 1) === word
      ) {
        this.queue?.lookSoon();
        return;
      }
    }
    for (let word = load(this.cells, WORD); ; ) {
      const value = (word & VALUE) + n;
      if (value > load(this.cells, BOUND)) throw this.#tooMany(value);
      const seen = compareExchange(this.cells, WORD, word, value | (word & TURN_ASKED));
      if (seen === word) {
        if (tracing()) emit('release', this.name, n);
        this.wakeAfterRelease(word & FLAGS, n);
        return;
      }
      word = seen;
    }
  }

  #tooMany(value: number): RangeError {
    const most = load(this.cells, BOUND);
    return new RangeError(`release of ${this.name} would make its value ${value}; the most is ${most}`);
  }

  /** The permits that are left, at this moment. */
  get value(): number {
    return load(this.cells, WORD) & VALUE;
  }

  /**
   * The permits that are left, and every change, by any thread; bursts coalesce. Never completes. Unsubscribing ends only
   * the watching. Does not keep the process alive.
   */
  get value$(): Observable<number> {
    this.#values ??= valueStream(this, () => this.value);
    return this.#values;
  }

  /** @internal */
  protected valueAfterTake(value: number): number {
    return value - 1;
  }

  /** Several may have permits at once: how long is not measured. @internal */
  override noteTaken(looked: number): void {
    if ((looked & ALL) !== 0) add(this.cells, ACQUIRES, 1);
  }

  /** @internal */
  override tryTake(mayBarge: boolean): Outcome<true> {
    const outcome = super.tryTake(mayBarge);
    if (outcome !== true) return outcome;
    // After two releases in a row only the first found SLEEPERS and woke: so whoever takes a permit and leaves some wakes the
    // next sleeper.
    const word = load(this.cells, WORD);
    if ((word & SLEEPERS) !== 0 && (word & VALUE) > 0) wake(this.cells, WORD, 1);
    return true;
  }

  /** @internal */
  override get primitiveKind(): PrimitiveKind {
    return 'Semaphore';
  }

  /** Its value and name. */
  override toString(): string {
    return `<Semaphore object '${this.name}' at #${this.id}: value=${this.value}>`;
  }
}
