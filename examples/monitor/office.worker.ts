import {
  type Barrier,
  currentThread,
  type Event,
  type Lock,
  type Semaphore,
  sleepSync,
} from 'rxjs-threading';

/** What the clerks share. */
export interface Shared {
  readonly door: Event;
  readonly desks: Semaphore;
  readonly ledger: Lock;
  readonly stamp: Lock;
  readonly lunch: Barrier;
}

/** Works until it is cancelled, which the wait that it is in, or its next one, then throws. */
export function work(shared: Shared): void {
  try {
    for (;;) workOnce(shared);
  } catch (error) {
    if (!currentThread().cancelled) throw error;
  }
}

function workOnce({ door, desks, ledger, stamp, lunch }: Shared): void {
  door.waitSync();
  {
    using _desk = desks.holdSync();
    sleepSync(20 + Math.random() * 80);
    using _ledger = ledger.holdSync();
    sleepSync(20 + Math.random() * 80);
    // All take the locks in this order: none waits for one who waits for it.
    using _stamp = stamp.holdSync();
    sleepSync(20 + Math.random() * 80);
  }
  lunch.waitSync();
}

/** Opens the door, and shuts it for a while. */
export function keep(door: Event): void {
  for (;;) {
    door.set();
    sleepSync(2000);
    door.clear();
    sleepSync(600);
  }
}

/** How many primes there are below `limit`. */
export function countPrimes(limit: number): number {
  let count = 0;
  for (let n = 2; n < limit; n++) {
    let prime = true;
    for (let divisor = 2; divisor * divisor <= n && prime; divisor++) prime = n % divisor !== 0;
    if (prime) count++;
  }
  return count;
}
