import type { TeardownLogic } from 'rxjs';
import type { Settle } from './waiting/wait.js';

/**
 * What `awaitEvent` and `timerDelay` need of an Event: one of this library, here or on several machines, or of your own.
 *
 * @example
 * const gate: Gate = {
 *   generation: 1, // set, for good
 *   beginAt: (_generation, _timeout, _signal, settle) => settle.resolve(true),
 * };
 * of('a guest')
 *   .pipe(awaitEvent(gate))
 *   .subscribe((guest) => console.log(guest)); // prints a guest
 */
export interface Gate {
  /**
   * Odd while set; another after every change, as far as this process has heard. Below 0 while nothing has been heard, which
   * counts as clear.
   */
  readonly generation: number;
  /**
   * Resolves with true once it is set, or is at another generation than that, however it came there; with false when
   * `timeout` ms have passed. Returns how to leave that, or nothing when it has ended already.
   */
  beginAt(
    generation: number,
    timeout: number,
    signal: AbortSignal | undefined,
    settle: Settle<boolean>,
  ): TeardownLogic;
  /** Keeps `generation` current until torn down; absent where it always is. */
  follow?(): TeardownLogic;
}

/** Whether it can be used as a Gate. */
export function isGate(event: unknown): event is Gate {
  const { generation, beginAt } = (event ?? {}) as Partial<Gate>;
  return typeof generation === 'number' && typeof beginAt === 'function';
}
