import type { Subscribable } from 'rxjs';

/**
 * What `barrierZip` needs of a Barrier: one of this library, here or on several machines, or of your own.
 *
 * @example
 * const alone: Meeting = { name: 'alone', parties: 1, wait: () => of(0) };
 * of('a')
 *   .pipe(barrierZip(alone))
 *   .subscribe((round) => console.log(round)); // prints [ 'a' ]
 */
export interface Meeting {
  /** Shown by errors. */
  readonly name: string;
  /** How many have to arrive. */
  readonly parties: number;
  /** Arrives, and emits once all have. Unsubscribing before withdraws. */
  wait(): Subscribable<number>;
  /** Lets those of this thread through that may pass, before it returns; absent where others decide on that. */
  serve?(): void;
}
