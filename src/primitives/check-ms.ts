import { show } from './options.js';

/** ms; Infinity: for ever. @throws TypeError, RangeError naming the option */
export function checkMs(what: string, ms: unknown): number {
  if (typeof ms !== 'number') throw new TypeError(`${what} must be a number of ms, got ${show(ms)}`);
  if (!(ms >= 0)) throw new RangeError(`${what} must be 0 ms or more, got ${ms}`);
  return ms;
}
