import { after } from '../primitives/loop.js';
import { checkMs } from './check-ms.js';
import type { Thread } from './thread.js';

/** ms that a thread has to end once it was asked to, unless somebody says otherwise. */
export const GRACE = 1000;

/** ms; Infinity: as long as it takes. @throws TypeError, RangeError */
export function checkGrace(grace: unknown): number {
  return checkMs('grace', grace ?? GRACE);
}

/** Drops a thread that has not begun; asks one that runs to stop, and kills its worker when it has not after `grace`. */
export function stopThread(thread: Thread<never>, grace: number): void {
  if (thread.state === 'queued') return void thread.terminate();
  thread.cancel();
  if (grace === Number.POSITIVE_INFINITY || !thread.isAlive()) return;
  const spare = after(grace, () => void thread.terminate());
  thread.output$.subscribe({ error: spare, complete: spare });
}
