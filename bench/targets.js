// What threads and Piscina's workers run.
import { range } from 'rxjs';

export default function increment(value) {
  return value + 1;
}

export function count(values) {
  return range(0, values);
}

/** Busy for `ms` of the clock. */
export function busy(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
}
