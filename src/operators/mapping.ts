import { type Observable, type Subscriber, Subscription } from 'rxjs';
import { ThreadError } from '../errors.js';
import { unpackError } from '../pool/error-wire.js';
import type { ThreadPool } from '../pool/thread-pool.js';
import { decode } from '../pool/wire.js';
import { after, now, soon } from '../primitives/loop.js';
import type { PackedTarget } from '../primitives/target.js';
import { attach } from './attach.js';
import { BatchSize } from './batch-size.js';
import { cannotSend } from './cannot-send.js';
import { Fifo } from './fifo.js';
import type { FromSession } from './map-messages.js';
import { MapSession, type SentBatch } from './map-session.js';
import { failureOf } from './value-failure.js';

/** What a threadMap does with its values. */
export interface Mapping {
  readonly pool: ThreadPool;
  readonly target: PackedTarget;
  readonly name: string;
  /** Batches in flight: each maps one value at a time. */
  readonly concurrency: number;
  readonly ordered: boolean;
  readonly batch: number | undefined;
  /** ms */
  readonly grace: number;
}

/** ms that a session keeps its worker with nothing to do: for what comes right after. */
const LINGER = 10;
/** ms that a session may keep a worker that other jobs wait for. */
const TURN = 10;
/** ms before values that wait behind others are taken back for a worker that has nothing to do. */
const WAITED = 2;
/** So many values may come before the event loop turns, and what has come of them is looked at. */
const LOOK_EVERY = 256;
/** Batches that one session holds at most. */
const DEEPEST = 1024;

/** Values that follow one another. */
interface Chunk {
  readonly first: number;
  readonly values: readonly unknown[];
}

/**
 * One subscription of a threadMap.
 *
 * A value: waiting -in a batch, to a session-> sent -the worker-> taken up -> mapped -> passed on.
 * sent -a session has nothing to do-> taken back, to wait at the front.
 * Invariant: the batches that are not passed on, the chunks taken back and the waiting values are all values from
 * `#next` on, each once.
 */
export class MapRun<R> {
  readonly #subscriber: Subscriber<R>;
  readonly #mapping: Mapping;
  /** The source, the sessions. */
  readonly #parts = new Subscription();
  readonly #source = new Subscription();
  readonly #waiting = new Fifo<unknown>();
  /** Index of the first in `#waiting`. */
  #waitingFrom = 0;
  #takenBack: Chunk[] = [];
  readonly #sessions = new Set<MapSession>();
  /** By the index of their first value. */
  readonly #batches = new Map<number, SentBatch>();
  #inFlight = 0;
  #ids = 0;
  /** When ordered: the batch of this value is passed on. */
  #next = 0;
  readonly #size: BatchSize;
  readonly #most: number;
  readonly #depth: number;
  #sourceEnded = false;
  /** Values from here on are not wanted: one before has failed. */
  #end = Number.POSITIVE_INFINITY;
  #dispatching = false;
  #scheduled = false;
  #passing = false;
  #sinceTurn = 0;
  #stopTimer: (() => void) | undefined;

  constructor(subscriber: Subscriber<R>, mapping: Mapping) {
    this.#subscriber = subscriber;
    this.#mapping = mapping;
    this.#size = new BatchSize(mapping.batch);
    this.#most = Math.min(mapping.pool.maxThreads, mapping.concurrency);
    this.#depth = Math.min(DEEPEST, Math.ceil(mapping.concurrency / this.#most));
  }

  run(source: Observable<unknown>): void {
    this.#parts.add(this.#source);
    this.#parts.add(() => this.#stop());
    this.#subscriber.add(this.#parts);
    attach(source, this.#source, {
      next: (value) => this.#arrive(value),
      error: (error) => this.#subscriber.error(error),
      complete: () => {
        this.#sourceEnded = true;
        this.#completeIfDone();
      },
    });
  }

  #arrive(value: unknown): void {
    const { pool } = this.#mapping;
    if (pool.closed) {
      const index = this.#waitingFrom + this.#waiting.size;
      const error = new ThreadError(`${pool.name} is closed: it takes no more values`, { code: 'ERR_POOL' });
      this.#subscriber.error(failureOf(error, index, value));
      return;
    }
    this.#waiting.push(value);
    if (++this.#sinceTurn % LOOK_EVERY === 0) this.#lookNow();
    else this.#dispatchSoon();
  }

  /** The source does not let the event loop turn: what has come is passed on all the same, and may end it. */
  #lookNow(): void {
    this.#dispatch();
    for (const session of this.#sessions) session.drain();
  }

  #dispatchSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    soon(() => {
      this.#scheduled = false;
      this.#sinceTurn = 0;
      this.#dispatch();
    });
  }

  // ─── values on their way to the workers ─────────────────────────────────────────────────────

  get #available(): number {
    return this.#takenBack.reduce((sum, { values }) => sum + values.length, this.#waiting.size);
  }

  #dispatch(): void {
    if (this.#dispatching || this.#parts.closed) return;
    this.#dispatching = true;
    while (!this.#parts.closed && this.#available > 0 && this.#inFlight < this.#mapping.concurrency) {
      const session = this.#sessionWithRoom();
      if (session === undefined) break;
      this.#send(session);
    }
    this.#dispatching = false;
    if (!this.#parts.closed) this.#employ();
  }

  /** One with nothing to do, a new one, or the one with least to do. */
  #sessionWithRoom(): MapSession | undefined {
    let best: MapSession | undefined;
    let queued = 0;
    for (const session of this.#sessions) {
      if (session.queued) queued++;
      if (!session.hasRoom) continue;
      if (best === undefined || session.batches.size < best.batches.size) best = session;
    }
    if (best?.batches.size === 0) return best;
    // One that waits for a worker is enough.
    if (this.#sessions.size < this.#most && (queued === 0 || best === undefined)) {
      const opened = this.#open();
      if (opened !== undefined) return opened;
    }
    return best;
  }

  #open(): MapSession | undefined {
    const { pool, target, name } = this.#mapping;
    try {
      const session = new MapSession(pool, target, name, this.#depth, this);
      this.#sessions.add(session);
      return session;
    } catch (error) {
      // The others have to do.
      if (this.#sessions.size === 0) this.#subscriber.error(error);
      return undefined;
    }
  }

  #send(session: MapSession): void {
    const { first, values } = this.#take(this.#size.of(this.#available, this.#most));
    try {
      this.#keep(session.send(this.#ids++, first, values));
    } catch (cause) {
      this.#sendEach(session, first, values, cause);
    }
  }

  /** One of the values cannot be sent: those before it can. */
  #sendEach(session: MapSession, first: number, values: readonly unknown[], cause: unknown): void {
    if (values.length > 1) {
      const half = values.length >> 1;
      this.#takenBack.unshift(
        { first, values: values.slice(0, half) },
        { first: first + half, values: values.slice(half) },
      );
      return;
    }
    const batch: SentBatch = {
      id: -1,
      first,
      values,
      session,
      cell: -1,
      sent: 0,
      outputs: [],
      streamed: 0,
      ended: true,
      failure: { at: 0, error: cannotSend(values[0], cause) },
    };
    this.#batches.set(first, batch);
    this.#failed(batch);
    this.#pass(batch);
  }

  #keep(batch: SentBatch): void {
    this.#batches.set(batch.first, batch);
    this.#inFlight++;
  }

  /** Those taken back go first: they came first. */
  #take(most: number): Chunk {
    const back = this.#takenBack.shift();
    if (back !== undefined) {
      if (back.values.length <= most) return back;
      this.#takenBack.unshift({ first: back.first + most, values: back.values.slice(most) });
      return { first: back.first, values: back.values.slice(0, most) };
    }
    const values = new Array<unknown>(Math.min(most, this.#waiting.size));
    for (let at = 0; at < values.length; at++) values[at] = this.#waiting.shift();
    const first = this.#waitingFrom;
    this.#waitingFrom += values.length;
    return { first, values };
  }

  // ─── workers with nothing to do ─────────────────────────────────────────────────────────────

  /** Gives those that have nothing to do what waits behind others, or lets them go. */
  #employ(): void {
    let idle = 0;
    for (const session of this.#sessions) if (session.batches.size === 0) idle++;
    if (this.#available > 0) return;
    const unused = idle + this.#most - this.#sessions.size;
    if (unused > 0 && this.#inFlight > 0 && this.#inFlight < this.#mapping.concurrency) {
      const waited = this.#takeBackOne();
      if (waited === 0) this.#dispatchSoon();
      else if (waited > 0) this.#again(waited);
      if (waited >= 0) return;
    }
    if (idle > 0) this.#again(LINGER);
  }

  /** Returns 0 when there is something to send again, ms until there may be, or -1 when there will be nothing. */
  #takeBackOne(): number {
    let found: SentBatch | undefined;
    for (const session of this.#sessions) {
      for (const batch of session.batches.values()) {
        if (session.untouched(batch) > 0 && (found === undefined || batch.sent <= found.sent)) found = batch;
      }
    }
    if (found === undefined) return -1;
    const left = found.sent + WAITED - now();
    if (left > 0) return left;
    const values = found.session.takeBack(found);
    if (values.length === 0) return -1;
    this.#takenBack.unshift({ first: found.first + found.values.length, values });
    if (found.values.length === 0) {
      // Nobody waits for it any more, but its session still has to look at it.
      this.#batches.delete(found.first);
    }
    return 0;
  }

  #again(ms: number): void {
    if (this.#stopTimer !== undefined) return;
    this.#stopTimer = after(ms, () => {
      this.#stopTimer = undefined;
      if (ms === LINGER) this.#letGo();
      this.#dispatch();
    });
  }

  #letGo(): void {
    const time = now();
    for (const session of this.#sessions) {
      if (session.batches.size === 0 && time - session.lastUsed >= LINGER) this.#close(session);
    }
  }

  #close(session: MapSession): void {
    this.#sessions.delete(session);
    session.end(this.#mapping.grace);
  }

  // ─── results ────────────────────────────────────────────────────────────────────────────────

  /** From a session. @internal */
  heard(batch: SentBatch, message: FromSession): void {
    if (message.kind === 'failed') {
      batch.failure = { at: message.at, error: unpackError(message.error) };
      this.#failed(batch);
    } else {
      const values = decode(message.values) as unknown[];
      if (batch.outputs.length === 0) batch.outputs = values;
      else for (const value of values) batch.outputs.push(value);
      if (message.kind === 'results' && message.streamed) batch.streamed += values.length;
    }
    if (message.kind === 'done') this.#size.learn(message.count, message.took);
    if (batch.ended) this.#ended(batch);
    this.#pass(batch);
    if (batch.ended && !this.#parts.closed) this.#dispatch();
  }

  #ended(batch: SentBatch): void {
    this.#inFlight--;
    const { session } = batch;
    // Others want its worker.
    if (this.#othersWait() && now() - session.since > TURN) session.leaving = true;
    if (session.leaving && session.batches.size === 0) this.#close(session);
  }

  #othersWait(): boolean {
    let { queued } = this.#mapping.pool;
    if (queued === 0) return false;
    for (const session of this.#sessions) if (session.queued) queued--;
    return queued > 0;
  }

  /** What comes after it is not wanted any more. */
  #failed(batch: SentBatch): void {
    const index = batch.first + (batch.failure?.at ?? 0);
    if (index >= this.#end) return;
    this.#end = index;
    this.#source.unsubscribe();
    this.#sourceEnded = true;
    this.#waiting.clear();
    this.#takenBack = this.#takenBack.filter(({ first }) => first < index);
    for (const later of this.#batches.values()) {
      if (later.first > index && !later.ended) later.session.takeBack(later);
    }
  }

  #pass(batch: SentBatch): void {
    if (!this.#mapping.ordered) {
      this.#passOne(batch);
    } else if (!this.#passing) {
      this.#passing = true;
      for (let next = this.#current(); next !== undefined; next = this.#current()) {
        if (!this.#passOne(next)) break;
        this.#next = next.first + next.values.length;
      }
      this.#passing = false;
    }
    this.#completeIfDone();
  }

  #current(): SentBatch | undefined {
    return this.#parts.closed ? undefined : this.#batches.get(this.#next);
  }

  /** Passes on what has come of it; true when that was all. */
  #passOne(batch: SentBatch): boolean {
    while (batch.outputs.length > 0) {
      const { outputs } = batch;
      batch.outputs = [];
      for (let at = 0; at < outputs.length; at++) {
        if (this.#parts.closed) return false;
        this.#subscriber.next(outputs[at] as R);
      }
    }
    if (this.#parts.closed) return false;
    if (batch.failure !== undefined) {
      const { at, error } = batch.failure;
      this.#subscriber.error(failureOf(error, batch.first + at, batch.values[at]));
      return false;
    }
    batch.session.credit(batch);
    if (!batch.ended) return false;
    // One that was taken back whole has gone before, and another has its place.
    if (this.#batches.get(batch.first) === batch) this.#batches.delete(batch.first);
    return true;
  }

  #completeIfDone(): void {
    if (!this.#sourceEnded || this.#batches.size > 0 || this.#available > 0 || this.#parts.closed) return;
    this.#subscriber.complete();
  }

  // ─── ends ───────────────────────────────────────────────────────────────────────────────────

  /** A session's thread has ended by itself: its worker died, or it never got to the first batch. @internal */
  ended(session: MapSession, error: unknown): void {
    this.#sessions.delete(session);
    for (const batch of session.batches.values()) {
      batch.ended = true;
      this.#inFlight--;
      const rest = session.lost(batch);
      if (rest.length > 0)
        this.#takenBack.unshift({ first: batch.first + batch.values.length, values: rest });
      if (batch.values.length === 0) this.#batches.delete(batch.first);
      else {
        batch.failure = { at: batch.values.length - 1, error };
        this.#failed(batch);
        this.#pass(batch);
      }
    }
    if (!session.worked && error !== undefined) this.#subscriber.error(error);
    this.#dispatch();
  }

  #stop(): void {
    this.#waiting.clear();
    this.#takenBack = [];
    this.#batches.clear();
    this.#stopTimer?.();
    for (const session of this.#sessions) session.end(this.#mapping.grace);
    this.#sessions.clear();
  }
}
