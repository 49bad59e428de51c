import type { Lock } from 'rxjs-threading';

/** A worker may block: `acquireSync` is the fast way. */
export function change(lock: Lock, money: Int32Array, by: number): void {
  for (let count = 0; count < 100_000; count++) {
    lock.acquireSync();
    try {
      money[0] = (money[0] ?? 0) + by;
    } finally {
      lock.release();
    }
  }
}
