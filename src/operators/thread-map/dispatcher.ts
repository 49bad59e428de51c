import type { ThreadError } from '../../errors.js';
import { now, soon } from '../../primitives/waiting/event-loop.js';
import type { Backlog, Chunk } from './backlog.js';
import { type Batch, BatchSize, type LostBatch } from './batch.js';
import { EarliestTimer } from './earliest-timer.js';
import { Losses, type LossesOwner } from './losses.js';
import type { Mapping } from './map-options.js';
import type { FromBatchMessage } from './messages.js';
import type { MapResults, Part } from './results.js';
import type { MapSession, SessionOwner } from './session.js';
import { LINGER, MapSessions } from './sessions.js';
import { ValueLimit } from './value-limit.js';

/** How long values wait in a worker before they are taken back for a worker that has nothing to do. */
const TAKE_BACK_AFTER_MS = 2;
/** The same when every worker has something to do, but that one has sent nothing for so long. */
const TAKE_BACK_FROM_BUSY_AFTER_MS = 20;

/**
 * Sends the values of the backlog to the sessions, and brings what comes of them to the results. A value's way:
 *
 *   here:          source -> map-run.ts -> backlog.ts -> Dispatcher, which makes a batch of several -> session.ts
 *   in the worker: in-worker/map-values.ts -> in-worker/worker-batch.ts, which calls the target and gathers results
 *   here again:    session.ts -> batch.ts, which counts what has come -> results.ts -> the subscriber
 *
 * Small values travel together, as many as take a worker about a millisecond (BatchSize); each batch goes to the session
 * with least to do, which sessions.ts finds or opens. The worker claims each value in the batch's word of shared memory
 * before it calls the target (batch-claims.ts). So this thread may take back what the worker has not begun, and knows of a
 * worker that has died which value it was mapping. With a `key` the backlog is lanes.ts, which lets values of one key be in
 * one batch at a time.
 *
 * A value leaves that way, and is put back into the backlog, when it waits in a worker behind a slow one, when its worker
 * dies before it is begun or before its result is sent, and when another of its batch fails. It fails when its target
 * throws, its worker dies of it, it takes too long (value-limit.ts), or it cannot be sent; losses.ts asks `onError` what
 * becomes of it then. Where it ends the subscription, whatever comes after it is dropped, and the end comes once what is
 * before it has been passed on.
 *
 * Invariant: while the backlog has values that may be taken and less than `concurrency` batches are in flight, every
 * session is full, or has a batch and the next is not worth sending yet, or `dispatch` is about to run: by a message, the timer, or `dispatchSoon`.
 * What is passed on next is not in the backlog while all workers are at streams that come after it.
 */
export class Dispatcher implements SessionOwner, LossesOwner {
  readonly #mapping: Mapping;
  readonly #backlog: Backlog;
  readonly #results: MapResults;
  readonly #losses: Losses;
  readonly #sessions: MapSessions;
  readonly #size: BatchSize;
  readonly #limit: ValueLimit;
  #stopped = false;
  /** Values that were taken from the backlog are being cloned. */
  #sending = false;
  #dispatching = false;
  #scheduled = false;
  readonly #timer: EarliestTimer = new EarliestTimer(() => {
    this.#sessions.letGo();
    if (this.#sessions.hasIdle) this.dispatch();
    else this.#setTimer();
  });

  constructor(mapping: Mapping, backlog: Backlog, results: MapResults) {
    this.#mapping = mapping;
    this.#sessions = new MapSessions(mapping, this);
    this.#backlog = backlog;
    this.#results = results;
    this.#losses = new Losses(mapping, backlog, results, this);
    this.#size = new BatchSize(mapping.batch);
    this.#limit = new ValueLimit(mapping.timeout, this.#sessions, this.#losses);
  }

  /** Values are neither in the backlog nor in the results, and will come back. */
  get holds(): boolean {
    return this.#sending || this.#losses.held > 0;
  }

  /** More values are sure to come, as a source is pulled until so many are here; 0: no longer. */
  expect(buffer: number): void {
    this.#size.fill(buffer / this.#mapping.concurrency);
  }

  /** Dispatches in a microtask: values that the source emits at once then travel together. */
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
    while (!this.#stopped && this.#sendNext());
    this.#dispatching = false;
    if (!this.#stopped) this.#setTimer();
  }

  /** Receives now what the event loop would bring from the workers, unless the source emits in a getter of a value that is being sent. */
  drain(): void {
    if (this.#sending) return;
    for (const session of this.#sessions) session.drain();
  }

  /** The value of this index has failed: those after it are not wanted. */
  dropFrom(index: number): void {
    for (const session of this.#sessions) {
      for (const batch of session.batches.values())
        if (batch.parts.some(({ first }) => first > index)) this.#losses.giveBack(session.takeBack(batch));
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#timer.stop();
    this.#limit.stop();
    this.#sessions.endAll();
  }

  // ─── values on their way to the workers ─────────────────────────────────────────────────────

  /** false: there is nothing to send, or nowhere to send it. */
  #sendNext(): boolean {
    return (this.#sessions.inFlight < this.#mapping.concurrency && this.#sendOne()) || this.#sendAwaited();
  }

  /**
   * Where all workers are at streams, these go on only once what stands before them has been passed on. While that is in the
   * backlog, with a session that waits for one of these very workers, or behind one of the streams in its batch, it goes to
   * one of them, whatever that has: nothing else would ever end.
   */
  #sendAwaited(): boolean {
    const { next } = this.#results;
    const session = this.#mapping.ordered ? this.#sessions.streaming() : undefined;
    if (session === undefined) return false;
    for (const one of this.#sessions)
      for (const batch of one.batches.values())
        if (batch.keeps(next)) this.#losses.giveBack(one.takeBack(batch));
    // Where it is with a session it is not looked for: there may be very many keys.
    const chunks = this.#results.has(next) ? [] : this.#backlog.takeAt(next, this.#nextSize);
    if (chunks.length > 0) this.#send(session, chunks);
    return chunks.length > 0;
  }

  /** Sends one batch, where there is room. */
  #sendOne(): boolean {
    const overdue = this.#overdue();
    const { available } = this.#backlog;
    if (overdue === undefined && available === 0) return false;
    const session = this.#sessionWithRoom();
    if (session === undefined) return false;
    // Behind a value as slow as its own a batch would only lose its place to those that come after it.
    if (overdue !== undefined && !isSilent(session))
      this.#losses.giveBack(overdue.session.takeBack(overdue.batch));
    else if (available === 0 || (session.filled > 0 && available < this.#size.least)) return false;
    const chunks = this.#backlog.take(this.#nextSize);
    if (chunks.some(({ values }) => values.length > 0)) this.#send(session, chunks);
    return true;
  }

  /** How many values the next batch has. */
  get #nextSize(): number {
    return this.#size.of(this.#backlog.available, this.#sessions.most);
  }

  #send(session: MapSession, chunks: readonly Chunk[]): void {
    // A getter of a value may complete the source as it is cloned.
    this.#sending = true;
    try {
      for (const part of session.send(chunks).parts) this.#results.add(part);
      this.#limit.watch();
    } catch (cause) {
      this.#sending = false;
      this.#losses.unsendable(chunks, cause);
    }
    this.#sending = false;
  }

  #sessionWithRoom(): MapSession | undefined {
    try {
      return this.#sessions.withRoom();
    } catch (error) {
      this.#results.fail(error);
      return undefined;
    }
  }

  // ─── values that wait in a worker ───────────────────────────────────────────────────────────

  /** The batch whose values have waited too long for their worker to take them up; the longest of several. */
  #overdue(): { readonly session: MapSession; readonly batch: Batch } | undefined {
    const idle = this.#sessions.hasIdle;
    let since = now() - (idle ? TAKE_BACK_AFTER_MS : TAKE_BACK_FROM_BUSY_AFTER_MS);
    let found: { session: MapSession; batch: Batch } | undefined;
    for (const session of this.#sessions) {
      if (!idle && !isSilent(session)) continue;
      const batch = session.firstUntouched();
      if (batch === undefined || batch.sent > since) continue;
      since = batch.sent;
      found = { session, batch };
    }
    return found;
  }

  /**
   * Sees to it that something is taken back, or a session let go, although no worker sends anything. Where no worker has
   * nothing to do, one of the pool may get free later, and nobody tells of that.
   */
  #setTimer(): void {
    const sessions = [...this.#sessions];
    const held = (one: MapSession): boolean => one.firstUntouched() !== undefined;
    if (this.#sessions.inFlight < this.#mapping.concurrency && sessions.some(held))
      this.#timer.set(this.#sessions.hasIdle ? TAKE_BACK_AFTER_MS : TAKE_BACK_FROM_BUSY_AFTER_MS);
    if (sessions.some(({ batches }) => batches.size === 0)) this.#timer.set(LINGER);
  }

  // ─── what comes from the workers ────────────────────────────────────────────────────────────

  /** Called by a session that has its worker now. @internal */
  ready(session: MapSession): void {
    this.#losses.giveBack(session.takeUnsent());
    this.dispatch();
  }

  /** Called by a session when a message has come about one of its batches. @internal */
  heard(session: MapSession, batch: Batch, message: FromBatchMessage, parts: readonly Part[]): void {
    this.#losses.lived();
    if (message.kind === 'done') this.#size.learn(message.done, message.took);
    if (batch.ended) this.#sessions.makeWay(session);
    const finished = this.#finish(batch);
    const waitedFor = parts.filter(({ values }) => values.length > 0);
    if (waitedFor.length > 0) this.#results.pass(waitedFor);
    if (message.kind === 'failed') this.#losses.threw(batch, message);
    if (batch.ended || finished || batch.streams) this.dispatch();
  }

  /** Lets the keys go of which a batch has no more values. true: there may be any. */
  #finish(batch: Batch): boolean {
    const finished = batch.takeFinished();
    for (const part of finished) this.#backlog.over(part);
    return finished.length > 0 && this.#mapping.key !== undefined;
  }

  /** Called by a session when a value that it is mapping has told of its progress. @internal */
  progressed(value: unknown, index: number, progress: unknown): void {
    const { onProgress } = this.#mapping;
    if (onProgress !== undefined) this.#results.call(() => onProgress(progress, value, index));
  }

  /** Called by a session whose thread has ended by itself. @internal */
  died(session: MapSession, error: unknown): void {
    // What a getter of a value has killed that is just being sent there has that value, too.
    if (this.#sending) soon(() => this.#losses.died(session, error));
    else this.#losses.died(session, error);
  }

  /** Called by a session that could not read what came. @internal */
  unread(session: MapSession, error: ThreadError, known: Batch | undefined): void {
    this.#losses.unread(session, error, known);
  }

  /** Called as a session is given up, or has ended by itself. @internal */
  forget(session: MapSession, lose: (batch: Batch) => LostBatch): readonly LostBatch[] {
    this.#sessions.delete(session);
    const batches = [...session.batches.values()];
    const lost = batches.map((batch) => {
      const one = lose(batch);
      this.#finish(batch);
      return one;
    });
    for (const batch of batches) this.#results.pass(batch.parts);
    return lost;
  }
}

function isSilent({ filled, lastHeard }: MapSession): boolean {
  return filled > 0 && now() - lastHeard >= TAKE_BACK_FROM_BUSY_AFTER_MS;
}
