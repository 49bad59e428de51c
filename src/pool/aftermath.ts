import { abandonWaits } from '../primitives/local-queue.js';
import { LOOK_AGAIN } from '../primitives/loop.js';
import type { Aftermath, FlushedMessage, IdleMessage } from './messages.js';

/** What a worker has yet to do when its thread has ended, before it can take another. */

let children = 0;
let watch: NodeJS.Timeout | undefined;

/** Threads that this one started live in this worker's own workers: they die with it. */
export function countChild(by: 1 | -1): void {
  children += by;
}

/** The thread's target has ended: what it left waiting is granted nothing any more. */
export function settleDown(): Aftermath {
  abandonWaits();
  const flushing = isFlushing();
  return { flushing, idle: !flushing && isIdle() };
}

/** Tells, by and by, what the thread's end could not. */
export function watchAftermath(seen: Aftermath, tell: (message: FlushedMessage | IdleMessage) => void): void {
  if (seen.idle) return;
  let flushing = seen.flushing;
  watch = setInterval(() => {
    if (flushing && !isFlushing()) {
      flushing = false;
      tell({ kind: 'flushed' });
    }
    if (flushing || !isIdle()) return;
    clearInterval(watch);
    tell({ kind: 'idle' });
  }, LOOK_AGAIN / 10);
  // Not to be taken for one that the thread left behind.
  watch.unref();
}

/** A worker's output goes through its parent's event loop. */
function isFlushing(): boolean {
  return process.stdout.writableLength > 0 || process.stderr.writableLength > 0;
}

/** A timer left behind may throw: no other thread is to run beside it. */
function isIdle(): boolean {
  return children === 0 && !process.getActiveResourcesInfo().includes('Timeout');
}
