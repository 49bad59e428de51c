import { type Acquirable, BoundedSemaphore, Condition, Lock, RLock, Semaphore } from 'rxjs-threading';
import { foreignLock } from './foreign-lock.js';

/** Whatever lets one in. */
export const acquirables: [name: string, make: () => Acquirable][] = [
  ['Lock', () => new Lock()],
  ['RLock', () => new RLock()],
  ['Condition', () => new Condition()],
  ['Semaphore', () => new Semaphore(1)],
  ['BoundedSemaphore', () => new BoundedSemaphore(1)],
  ['lock of somebody else', foreignLock],
];

export function isTaken(lock: Acquirable): boolean {
  if ('locked' in lock) return (lock as Lock).locked();
  if (!lock.acquireSync({ blocking: false })) return true;
  lock.release();
  return false;
}
