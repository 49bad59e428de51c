import type { Job } from '../workers/job.js';
import { Session } from '../workers/session.js';

/** ms that the leftovers of a job may keep its worker from the next job. */
const LEFTOVERS_MS = 1000;

/** A session of a ThreadPool, with what its dispatcher notes of it. */
export class PoolSession extends Session {
  /** Its bucket in SessionLoads, and its place there; -1: in none. */
  bucket = -1;
  at = 0;
  /** What was last counted of it: its jobs, whether its worker is taken, whether it is about to be free. */
  jobs = 0;
  busy = false;
  ending = false;
  /** It runs one job for so long that those behind it were taken back: it gets none until that ends. */
  silent = false;
  /** The user of the job that it runs knows how that ended, or does not want to. */
  told = false;
  /** It was idle for so long that its worker is ended. */
  retired = false;
  idleSince = 0;
  /** The job that was last taken back from it with all others, while it looked at none; undefined: it is no such session. */
  unseen: number | undefined;

  constructor(owner: ConstructorParameters<typeof Session>[0]) {
    super(owner, LEFTOVERS_MS);
  }

  /** Whether it takes jobs, besides those that it has. */
  get takes(): boolean {
    if (this.dead || this.silent || this.hasLeftovers || !this.hasWord) return false;
    return this.size === 0 || this.opened;
  }

  idents(): number[] {
    return [...this].map((job: Job) => this.identOf(job)).filter((ident) => ident > 0);
  }
}

/** The sessions that take jobs, by how many they have: the one with the fewest is found in a few steps, however many there are. */
export class SessionLoads {
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
