import type { PoolSession } from './pool-session.js';

/** The sessions that take jobs, by how many they have: the one with the fewest is found in a few steps, however many there are. */
export class SessionLoads {
  /** By the number of jobs that they have. */
  readonly #buckets: PoolSession[][] = [[]];
  /** No bucket before this one has any, but for the first. */
  #least = 1;
  #working = 0;

  /** The last one used of those with the fewest jobs: its caches are warm. */
  least(): PoolSession | undefined {
    return this.idle.at(-1) ?? this.leastWorking();
  }

  /** The same of those that have any. */
  leastWorking(): PoolSession | undefined {
    for (; this.#least < this.#buckets.length; this.#least++) {
      const session = this.#buckets[this.#least]?.at(-1);
      if (session !== undefined) return session;
    }
    return undefined;
  }

  /** One of those with the most jobs, but fewer than so many. */
  most(below: number): PoolSession | undefined {
    for (let bucket = Math.min(below, this.#buckets.length) - 1; bucket > 0; bucket--) {
      const session = this.#buckets[bucket]?.at(-1);
      if (session !== undefined) return session;
    }
    return undefined;
  }

  /** How many have any. */
  get working(): number {
    return this.#working;
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
    if (bucket === 0) return;
    this.#working++;
    this.#least = Math.min(this.#least, bucket);
  }

  #remove(session: PoolSession): void {
    if (session.bucket < 0) return;
    const those = this.#buckets[session.bucket] as PoolSession[];
    const last = those.pop();
    if (session.bucket > 0) this.#working--;
    if (last === undefined || last === session) return;
    those[session.at] = last;
    last.at = session.at;
  }
}
