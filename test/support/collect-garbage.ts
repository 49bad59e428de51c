import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Now, all of it. */
export function collectGarbage(): void {
  gc();
}

/** Of the heap, in bytes, without what can be collected. */
export function heapUsed(): number {
  gc();
  return process.memoryUsage().heapUsed;
}
