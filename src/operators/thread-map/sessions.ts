import { now } from '../../primitives/waiting/event-loop.js';
import type { Mapping } from './map-options.js';
import { MapSession, type SessionOwner } from './session.js';

/** ms that a session keeps its worker with nothing to do, because more values may come right after. */
export const LINGER = 10;
/** ms that a session may keep a worker that other jobs wait for. */
const TURN = 10;
/** Batches that one session holds at most. */
const DEEPEST = 1024;

/** The sessions of a threadMap: opened while there is work for them, let go when there is none. */
export class MapSessions {
  readonly #mapping: Mapping;
  readonly #owner: SessionOwner;
  readonly #sessions = new Set<MapSession>();
  /** How many sessions there may be. */
  readonly most: number;
  /** How many batches each of them takes. */
  readonly #depth: number;
  /** The pool has taken a session: it refuses none of those that come after it. */
  #accepted = false;

  constructor(mapping: Mapping, owner: SessionOwner) {
    this.#mapping = mapping;
    this.#owner = owner;
    this.most = Math.min(mapping.pool.maxThreads, mapping.concurrency);
    this.#depth = Math.min(DEEPEST, Math.ceil(mapping.concurrency / this.most));
  }

  [Symbol.iterator](): Iterator<MapSession> {
    return this.#sessions.values();
  }

  /** Batches that sessions have values of. */
  get inFlight(): number {
    let sum = 0;
    for (const { filled } of this.#sessions) sum += filled;
    return sum;
  }

  /** A worker could begin at once. */
  get hasIdle(): boolean {
    if (this.#sessions.size < this.most && this.#mapping.pool.free > 0) return true;
    for (const session of this.#sessions) if (session.load === 0 && session.hasRoom) return true;
    return false;
  }

  /** A session with nothing to do, a new one, or the one with least to do. @throws ThreadError when there can be none */
  withRoom(): MapSession | undefined {
    let best: MapSession | undefined;
    let queued = 0;
    for (const session of this.#sessions) {
      if (session.queued) queued++;
      if (session.hasRoom && (best === undefined || endsBefore(session, best))) best = session;
    }
    if (best?.batches.size === 0 || this.#sessions.size >= this.most) return best;
    // Where no worker is free, one that waits for the next is enough.
    if (queued > 0 && this.#mapping.pool.free === 0) return best;
    return this.#open() ?? best;
  }

  /** One of those that have a worker, where all of these are at streams alone. */
  streaming(): MapSession | undefined {
    let found: MapSession | undefined;
    for (const session of this.#sessions) {
      if (session.queued) continue;
      if (!session.streams) return undefined;
      found = session;
    }
    return found;
  }

  #open(): MapSession | undefined {
    const { pool } = this.#mapping;
    try {
      // No value comes here that the pool was closed to: what came just before that is taken as well.
      const isTaken = this.#accepted || pool.closed;
      const claimed = isTaken && this.#sessions.size === 0 ? pool.claim : pool;
      const session = new MapSession(claimed, this.#mapping, this.#depth, this.#owner);
      this.#accepted = true;
      this.#sessions.add(session);
      return session;
    } catch (error) {
      // The pool is closed or its queue is full: the sessions that are open carry on.
      if (this.#sessions.size === 0) throw error;
      return undefined;
    }
  }

  /** Forgets a session whose thread has ended by itself. */
  delete(session: MapSession): void {
    this.#sessions.delete(session);
  }

  /** Called when a batch of it is over: it leaves once it has had its turn and other jobs of the pool wait for a worker. */
  makeWay(session: MapSession): void {
    if (this.#othersWait() && now() - session.since > TURN) session.leaving = true;
    if (session.leaving && session.batches.size === 0) this.#end(session);
  }

  /** Whether other jobs wait for a worker. None, where the pool is closed: a session that leaves could not come back. */
  #othersWait(): boolean {
    const { pool } = this.#mapping;
    let { queued } = pool;
    if (queued === 0 || pool.closed) return false;
    for (const session of this.#sessions) if (session.queued) queued--;
    return queued > 0;
  }

  /** Ends the sessions that have had nothing to do for a while. */
  letGo(): void {
    const time = now();
    for (const session of this.#sessions) {
      if (session.batches.size === 0 && time - session.lastHeard >= LINGER) this.#end(session);
    }
  }

  endAll(): void {
    for (const session of this.#sessions) this.#end(session);
  }

  #end(session: MapSession): void {
    this.#sessions.delete(session);
    session.end(this.#mapping.grace);
  }
}

/** Of two that have as much to do, most likely the one that has had it for longer. */
function endsBefore(one: MapSession, other: MapSession): boolean {
  if (one.load !== other.load) return one.load < other.load;
  return one.workingSince < other.workingSince;
}
