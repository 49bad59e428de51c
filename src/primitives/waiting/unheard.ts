import { nextTurn } from './event-loop.js';

let tell = (error: unknown): void => {
  throw error;
};

/** @param to - how RxJS tells of it; wait.ts says so, as workers that have no Observables do not load RxJS */
export function setUnheard(to: (error: unknown) => void): void {
  tell = to;
}

/**
 * Runs code of the user's that is told of an end, after which RxJS runs its teardowns. What it throws is told as RxJS tells of
 * what nobody hears, and not to whoever brought that end, because others wait for it as well.
 */
export function apart(code: () => void): void {
  try {
    code();
  } catch (error) {
    nextTurn(() => tell(error));
  }
}
