import type { PoolSession } from './pool-session.js';

/** The sessions that take jobs, by how many they have: the one with the fewest is found in a few steps, however many there are. */
export class SessionLoads {
  /** By the number of jobs that they have. */
  readonly #buckets: PoolSession[][] = [[]];
  /** No bucket before this one has any. */
  #least = 0;

  /** The last one used of those with the fewest jobs: its caches are warm. */
  least(): PoolSession | undefined {
    for (; this.#least < this.#buckets.length; this.#least++) {
      const session = this.#buckets[this.#least]?.at(-1);
      if (session !== undefined) return session;
    }
    return undefined;
  }

  get idle(): readonly PoolSession[] {
    return this.#buckets[0] as PoolSession[];
  }

  /** Called when what the session has, or whether it takes more, may have changed. */
  place(session: PoolSession): void {
    const bucket = session.takes ? session.size : -1;
    if (bucket === session.bucket) return;
    this.#remove(session);
    session.bucket = bucket;
    if (bucket < 0) return;
    while (this.#buckets.length <= bucket) this.#buckets.push([]);
    const those = this.#buckets[bucket] as PoolSession[];
    session.at = those.length;
    those.push(session);
    this.#least = Math.min(this.#least, bucket);
  }

  #remove(session: PoolSession): void {
    if (session.bucket < 0) return;
    const those = this.#buckets[session.bucket] as PoolSession[];
    const last = those.pop();
    if (last === undefined || last === session) return;
    those[session.at] = last;
    last.at = session.at;
  }
}
