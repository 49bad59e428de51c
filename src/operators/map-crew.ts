import { unpackError } from '../pool/error-wire.js';
import type { ThreadPool } from '../pool/thread-pool.js';
import { decode } from '../pool/wire.js';
import { now, soon } from '../primitives/loop.js';
import type { PackedTarget } from '../primitives/target.js';
import { Alarm } from './alarm.js';
import type { Backlog, Chunk } from './backlog.js';
import { BatchSize } from './batch-size.js';
import { cannotSend } from './cannot-send.js';
import type { FromBatchMessage } from './map-messages.js';
import { failedPart, type MapResults } from './map-results.js';
import { MapSession, type SentBatch } from './map-session.js';

/** What a threadMap does with its values, and where. */
export interface Mapping {
  readonly pool: ThreadPool;
  readonly target: PackedTarget;
  readonly name: string;
  /** Batches in flight: each maps one value at a time. */
  readonly concurrency: number;
  readonly batch: number | undefined;
  /** ms */
  readonly grace: number;
}

/** ms that a session keeps its worker with nothing to do: for what comes right after. */
const LINGER = 10;
/** ms that a session may keep a worker that other jobs wait for. */
const TURN = 10;
/** ms before values that wait in a worker are taken back for one that has nothing to do. */
const PATIENCE = 2;
/** The same when all have something to do, but that worker has said nothing for so long. */
const LONG_PATIENCE = 20;
/** Batches that one session holds at most. */
const DEEPEST = 1024;

/** The sessions of a threadMap: sends them what is in the backlog, and brings what comes of it to the results. */
export class MapCrew {
  readonly #mapping: Mapping;
  readonly #backlog: Backlog;
  readonly #results: MapResults;
  readonly #sessions = new Set<MapSession>();
  readonly #size: BatchSize;
  /** Sessions at most, and batches in each. */
  readonly #most: number;
  readonly #depth: number;
  /** Batches that sessions have values of. */
  #inFlight = 0;
  #stopped = false;
  #dispatching = false;
  #scheduled = false;
  readonly #alarm: Alarm = new Alarm(() => {
    this.#letGo();
    this.dispatch();
  });

  constructor(mapping: Mapping, backlog: Backlog, results: MapResults) {
    this.#mapping = mapping;
    this.#backlog = backlog;
    this.#results = results;
    this.#size = new BatchSize(mapping.batch);
    this.#most = Math.min(mapping.pool.maxThreads, mapping.concurrency);
    this.#depth = Math.min(DEEPEST, Math.ceil(mapping.concurrency / this.#most));
  }

  /** Once all has come that comes at once: small values travel together. */
  dispatchSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    soon(() => {
      this.#scheduled = false;
      this.dispatch();
    });
  }

  dispatch(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    while (!this.#stopped && this.#inFlight < this.#mapping.concurrency && this.#sendOne());
    this.#dispatching = false;
    if (!this.#stopped) this.#setAlarm();
  }

  /** Hears now what the event loop would bring. */
  drain(): void {
    for (const session of this.#sessions) session.drain();
  }

  /** What comes after a value that failed is not wanted. */
  dropFrom(index: number): void {
    for (const session of this.#sessions) {
      for (const batch of session.batches.values()) if (batch.first > index) this.#takeBack(batch);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm.stop();
    for (const session of this.#sessions) session.end(this.#mapping.grace);
    this.#sessions.clear();
  }

  // ─── values on their way to the workers ─────────────────────────────────────────────────────

  /** false: nothing to send, or nowhere to. */
  #sendOne(): boolean {
    const overdue = this.#overdue();
    if (overdue === undefined && this.#backlog.size === 0) return false;
    const session = this.#sessionWithRoom();
    if (session === undefined) return false;
    if (overdue !== undefined) this.#backlog.giveBack(this.#takeBack(overdue));
    const chunk = this.#backlog.take(this.#size.of(this.#backlog.size, this.#most));
    if (chunk.values.length > 0) this.#send(session, chunk);
    return true;
  }

  #send(session: MapSession, { first, values }: Chunk): void {
    try {
      this.#results.add(session.send(first, values));
      this.#inFlight++;
    } catch (cause) {
      // One of the values cannot be sent: those before it can.
      const half = values.length >> 1;
      if (half === 0) this.#results.add(failedPart(first, values[0], cannotSend(values[0], cause)));
      this.#backlog.giveBack({ first, values: values.slice(0, half) });
      if (half > 0) this.#backlog.giveBack({ first: first + half, values: values.slice(half) });
    }
  }

  /** One with nothing to do, a new one, or the one with least to do. */
  #sessionWithRoom(): MapSession | undefined {
    let best: MapSession | undefined;
    let queued = 0;
    for (const session of this.#sessions) {
      if (session.queued) queued++;
      if (session.hasRoom && (best === undefined || session.load < best.load)) best = session;
    }
    if (best?.batches.size === 0 || this.#sessions.size >= this.#most) return best;
    // Where no worker is free, one that waits for the next is enough.
    if (queued > 0 && this.#mapping.pool.free === 0) return best;
    return this.#open() ?? best;
  }

  #open(): MapSession | undefined {
    const { pool, target, name } = this.#mapping;
    try {
      const session = new MapSession(pool, target, name, this.#depth, this);
      this.#sessions.add(session);
      return session;
    } catch (error) {
      // The others have to do.
      if (this.#sessions.size === 0) this.#results.fail(error);
      return undefined;
    }
  }

  // ─── values that wait in a worker ───────────────────────────────────────────────────────────

  /** A worker could begin at once. */
  get #hasIdle(): boolean {
    if (this.#sessions.size < this.#most && this.#mapping.pool.free > 0) return true;
    for (const session of this.#sessions) if (session.load === 0) return true;
    return false;
  }

  /** The batch that has waited longest for its worker to get to it, if that is too long. */
  #overdue(): SentBatch | undefined {
    const idle = this.#hasIdle;
    const time = now();
    const since = time - (idle ? PATIENCE : LONG_PATIENCE);
    let found: SentBatch | undefined;
    for (const session of this.#sessions) {
      if (!idle && session.lastHeard > since) continue;
      const batch = session.firstUntouched();
      if (batch !== undefined && batch.sent <= (found?.sent ?? since)) found = batch;
    }
    return found;
  }

  #takeBack(batch: SentBatch): Chunk {
    const values = batch.session.takeBack(batch);
    if (values.length > 0 && batch.values.length === 0) {
      // Nobody waits for it any more, but its session still has to look at it.
      this.#inFlight--;
      this.#results.remove(batch);
    }
    return { first: batch.first + batch.values.length, values };
  }

  /** For when there may be something to do although no worker says anything. */
  #setAlarm(): void {
    const sessions = [...this.#sessions];
    const held = (one: MapSession): boolean => one.firstUntouched() !== undefined;
    if (this.#inFlight < this.#mapping.concurrency && this.#hasIdle && sessions.some(held))
      this.#alarm.set(PATIENCE);
    else if (sessions.some(({ batches }) => batches.size === 0)) this.#alarm.set(LINGER);
  }

  /** Of those that have had nothing to do for a while. */
  #letGo(): void {
    const time = now();
    for (const session of this.#sessions) {
      if (session.batches.size === 0 && time - session.lastHeard >= LINGER) this.#close(session);
    }
  }

  #close(session: MapSession): void {
    this.#sessions.delete(session);
    session.end(this.#mapping.grace);
  }

  // ─── what comes from the workers ────────────────────────────────────────────────────────────

  /** A session has its worker. @internal */
  ready(): void {
    this.dispatch();
  }

  /** From a session. @internal */
  heard(batch: SentBatch, message: FromBatchMessage): void {
    if (message.kind === 'failed') batch.failure = { at: message.done, error: unpackError(message.error) };
    else {
      const values = decode(message.values) as unknown[];
      if (message.kind === 'results' && message.streamed) batch.streamed += values.length;
      if (batch.outputs.length === 0) batch.outputs = values;
      else for (const value of values) batch.outputs.push(value);
    }
    if (message.kind === 'done') this.#size.learn(message.done, message.took);
    if (batch.ended) this.#ended(batch);
    if (batch.values.length > 0) this.#results.pass(batch);
    if (batch.ended) this.dispatch();
  }

  #ended({ session, values }: SentBatch): void {
    if (values.length > 0) this.#inFlight--;
    if (this.#othersWait() && now() - session.since > TURN) session.leaving = true;
    if (session.leaving && session.batches.size === 0) this.#close(session);
  }

  /** For a worker. One that leaves cannot come back to a pool that is closed. */
  #othersWait(): boolean {
    const { pool } = this.#mapping;
    let { queued } = pool;
    if (queued === 0 || pool.closed) return false;
    for (const session of this.#sessions) if (session.queued) queued--;
    return queued > 0;
  }

  /** A session's thread has ended by itself: its worker died, or it never got to a value. @internal */
  died(session: MapSession, error: unknown): void {
    this.#sessions.delete(session);
    let begun = session.worked;
    for (const batch of session.batches.values()) begun = this.#lose(batch, error) || begun;
    if (!begun && error !== undefined) this.#results.fail(error);
    this.dispatch();
  }

  /** Whether one of its values was being mapped: that one has failed. Those whose results did not come are mapped again. */
  #lose(batch: SentBatch, error: unknown): boolean {
    const { first, moved, done } = batch;
    const untouched = this.#takeBack(batch);
    if (moved && untouched.values.length > 0)
      this.#results.add(failedPart(first, untouched.values[0], error));
    else if (untouched.values.length > 0) this.#backlog.giveBack(untouched);
    const last = batch.values.length - 1;
    if (last < 0) return false;
    this.#inFlight--;
    batch.ended = true;
    const { values } = batch;
    if (done === last) batch.failure = { at: last, error };
    else if (done < last) {
      batch.values = values.slice(0, done);
      if (done === 0) this.#results.remove(batch);
      this.#backlog.giveBack({ first: first + done, values: values.slice(done, last) });
      this.#results.add(failedPart(first + last, values[last], error));
    }
    if (batch.values.length > 0) this.#results.pass(batch);
    return done <= last;
  }
}
