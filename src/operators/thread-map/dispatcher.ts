import { ThreadError } from '../../errors.js';
import { cannotSend } from '../../pool/wire/explain-uncloneable.js';
import { after, now, soon } from '../../primitives/waiting/event-loop.js';
import type { Backlog, Chunk } from './backlog.js';
import { type Batch, BatchSize } from './batch.js';
import type { FromBatchMessage } from './messages.js';
import { type MapResults, Part } from './results.js';
import type { MapSession, SessionOwner } from './session.js';
import { LINGER, type Mapping, MapSessions } from './sessions.js';

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
 * worker that has died which value it was mapping.
 *
 * A value leaves that way, and is put back into the backlog, when it waits in a worker behind a slow one, when its worker
 * dies before it is begun or before its result is sent, and when another of its batch cannot be cloned. It ends as a failed
 * part of the results when its target throws, its worker dies of it, or it cannot be sent; whatever comes after it is then
 * dropped, and the subscription ends once what comes before it has been passed on.
 *
 * Invariant: while the backlog has values and less than `concurrency` batches are in flight, every session is full, or
 * `dispatch` is about to run: by a message, the timer, or `dispatchSoon`.
 */
export class Dispatcher implements SessionOwner {
  readonly #backlog: Backlog;
  readonly #results: MapResults;
  readonly #sessions: MapSessions;
  readonly #size: BatchSize;
  readonly #concurrency: number;
  /** Batches that sessions have values of. */
  #inFlight = 0;
  #stopped = false;
  #dispatching = false;
  #scheduled = false;
  readonly #timer: EarliestTimer = new EarliestTimer(() => {
    this.#sessions.letGo();
    this.dispatch();
  });

  constructor(mapping: Mapping, backlog: Backlog, results: MapResults) {
    this.#sessions = new MapSessions(mapping, this);
    this.#backlog = backlog;
    this.#results = results;
    this.#size = new BatchSize(mapping.batch);
    this.#concurrency = mapping.concurrency;
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
    while (!this.#stopped && this.#inFlight < this.#concurrency && this.#sendOne());
    this.#dispatching = false;
    if (!this.#stopped) this.#setTimer();
  }

  /** Receives now what the event loop would bring from the workers. */
  drain(): void {
    for (const session of this.#sessions) session.drain();
  }

  /** The value of this index has failed: those after it are not wanted. */
  dropFrom(index: number): void {
    for (const session of this.#sessions) {
      for (const batch of session.batches.values()) if (batch.first > index) this.#takeBack(batch);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#timer.stop();
    this.#sessions.endAll();
  }

  // ─── values on their way to the workers ─────────────────────────────────────────────────────

  /** Sends one batch. false: there is nothing to send, or nowhere to send it. */
  #sendOne(): boolean {
    const overdue = this.#overdue();
    if (overdue === undefined && this.#backlog.size === 0) return false;
    const session = this.#sessionWithRoom();
    if (session === undefined) return false;
    if (overdue !== undefined) this.#backlog.giveBack(this.#takeBack(overdue));
    const chunk = this.#backlog.take(this.#size.of(this.#backlog.size, this.#sessions.most));
    if (chunk.values.length > 0) this.#send(session, chunk);
    return true;
  }

  #send(session: MapSession, { first, values }: Chunk): void {
    try {
      this.#results.add(session.send(first, values));
      this.#inFlight++;
    } catch (cause) {
      // One of the values cannot be cloned. Halves of the batch go on, until that value is alone and fails.
      const half = values.length >> 1;
      if (half === 0) this.#results.add(Part.failed(first, values[0], cannotSend(values[0], cause)));
      this.#backlog.giveBack({ first, values: values.slice(0, half) });
      if (half > 0) this.#backlog.giveBack({ first: first + half, values: values.slice(half) });
    }
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
  #overdue(): Batch | undefined {
    const idle = this.#sessions.hasIdle;
    const time = now();
    const since = time - (idle ? TAKE_BACK_AFTER_MS : TAKE_BACK_FROM_BUSY_AFTER_MS);
    let found: Batch | undefined;
    for (const session of this.#sessions) {
      if (!idle && session.lastHeard > since) continue;
      const batch = session.firstUntouched();
      if (batch !== undefined && batch.sent <= (found?.sent ?? since)) found = batch;
    }
    return found;
  }

  #takeBack(batch: Batch): Chunk {
    const chunk = batch.takeBack();
    if (chunk.values.length > 0 && batch.values.length === 0) {
      // Nobody waits for the batch any more; its worker still sends the end of it.
      this.#inFlight--;
      this.#results.remove(batch);
    }
    return chunk;
  }

  /** Sees to it that something is taken back, or a session let go, although no worker sends anything. */
  #setTimer(): void {
    const sessions = [...this.#sessions];
    const held = (one: MapSession): boolean => one.firstUntouched() !== undefined;
    if (this.#inFlight < this.#concurrency && this.#sessions.hasIdle && sessions.some(held))
      this.#timer.set(TAKE_BACK_AFTER_MS);
    else if (sessions.some(({ batches }) => batches.size === 0)) this.#timer.set(LINGER);
  }

  // ─── what comes from the workers ────────────────────────────────────────────────────────────

  /** Called by a session that has its worker now. @internal */
  ready(): void {
    this.dispatch();
  }

  /** Called by a session when a message has come about one of its batches. @internal */
  heard(session: MapSession, batch: Batch, message: FromBatchMessage): void {
    if (message.kind === 'done') this.#size.learn(message.done, message.took);
    const waitedFor = batch.values.length > 0;
    if (batch.ended) {
      if (waitedFor) this.#inFlight--;
      this.#sessions.makeWay(session);
    }
    if (waitedFor) this.#results.pass(batch);
    if (batch.ended) this.dispatch();
  }

  /** Called by a session whose thread has ended by itself: its worker died, or never could load the target. @internal */
  died(session: MapSession, error: unknown): void {
    this.#sessions.delete(session);
    let begun = false;
    for (const batch of session.batches.values()) begun = this.#lose(batch, error) || begun;
    // No value has failed by it. Mapped again by another worker, it would come to the same where values cannot be read.
    const unreadable = error instanceof ThreadError && error.code === 'ERR_CLONE';
    if (!begun && error !== undefined && (!session.worked || unreadable)) this.#results.fail(error);
    this.dispatch();
  }

  #lose(batch: Batch, error: unknown): boolean {
    if (batch.values.length > 0) this.#inFlight--;
    const { begun, again, failed } = batch.lose(error);
    for (const chunk of again) this.#backlog.giveBack(chunk);
    if (batch.values.length === 0) this.#results.remove(batch);
    if (failed !== undefined) this.#results.add(failed);
    if (batch.values.length > 0) this.#results.pass(batch);
    return begun;
  }
}

/** Calls back once, at the earliest of the times it was set to since it last did. Does not keep the process alive. */
class EarliestTimer {
  readonly #onDue: () => void;
  #at = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** In so many ms at the latest. */
  set(ms: number): void {
    const at = now() + ms;
    if (at >= this.#at) return;
    this.#cancel?.();
    this.#at = at;
    this.#cancel = after(ms, () => {
      this.#at = Number.POSITIVE_INFINITY;
      this.#onDue();
    });
  }

  stop(): void {
    this.#cancel?.();
  }
}
