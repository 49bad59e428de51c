import { currentThread, type Lock } from 'rxjs-threading';

class Multiplier {
  // What Node, which strips types alone, cannot load.
  constructor(private readonly by: number) {}

  of(n: number): number {
    return n * this.by;
  }
}

export function twice(lock: Lock, n: number): string {
  lock.acquireSync();
  return `${currentThread().name} ${new Multiplier(2).of(n)}`;
}
