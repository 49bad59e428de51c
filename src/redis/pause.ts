import { after } from '../primitives/waiting/event-loop.js';

/** Resolves after `ms`; does not keep the process alive. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    after(ms, resolve);
  });
}

/** ms before the next attempt to connect: doubled up to a second, and jittered, so that many do not come at once. */
export function backoff(attempt: number): number {
  return Math.min(1000, 20 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2);
}
