// What threads and Piscina's workers run.
import { range } from 'rxjs';

export default function increment(value) {
  return value + 1;
}

export function count(values) {
  return range(0, values);
}
