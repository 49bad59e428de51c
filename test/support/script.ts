import { Semaphore } from 'rxjs-threading';
import { expect } from 'vitest';

/** What a source says, wherever it is played. */
export interface Script {
  readonly values: readonly unknown[];
  /**
   * After them: endless numbers, one of the ends, none of them, one after the other and more, or completion and a
   * teardown that throws.
   */
  readonly end: 'endless' | 'complete' | 'error' | 'never' | 'both ends' | 'torn';
  /** How often it has been subscribed to. */
  readonly begun: Semaphore;
  /** How often it has been torn down. */
  readonly left: Semaphore;
}

export function scripted(values: readonly unknown[], end: Script['end']): Script {
  return { values, end, begun: new Semaphore(0), left: new Semaphore(0) };
}

/** That often, and torn down once each. */
export function expectPlayed({ begun, left }: Script, times: number): void {
  expect({ begun: begun.value, left: left.value }).toEqual({ begun: times, left: times });
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
