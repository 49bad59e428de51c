import { cannotSend } from '../../pool/wire/explain-uncloneable.js';
import { now, soon } from '../../primitives/waiting/event-loop.js';
import type { Backlog, Chunk } from './backlog.js';
import type { Batch } from './batch.js';
import { BatchSize } from './batch-size.js';
import { EarliestTimer } from './earliest-timer.js';
import type { FromBatchMessage } from './messages.js';
import { type MapResults, Part } from './results.js';
import type { MapSession, SessionOwner } from './session.js';
import { LINGER, type Mapping, MapSessions } from './sessions.js';

/** ms before values that wait in a worker are taken back for one that has nothing to do. */
const TAKE_BACK_AFTER_MS = 2;
/** The same when all have something to do, but that worker has said nothing for so long. */
const TAKE_BACK_FROM_BUSY_AFTER_MS = 20;

/** Sends what is in the backlog to the sessions, and brings what comes of it to the results. */
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
    while (!this.#stopped && this.#inFlight < this.#concurrency && this.#sendOne());
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
    this.#timer.stop();
    this.#sessions.endAll();
  }

  // ─── values on their way to the workers ─────────────────────────────────────────────────────

  /** false: nothing to send, or nowhere to. */
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
      // One of the values cannot be sent: those before it can.
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

  /** The batch that has waited longest for its worker to get to it, if that is too long. */
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
      // Nobody waits for it any more, but its session still has to look at it.
      this.#inFlight--;
      this.#results.remove(batch);
    }
    return chunk;
  }

  /** For when there may be something to do although no worker says anything. */
  #setAlarm(): void {
    const sessions = [...this.#sessions];
    const held = (one: MapSession): boolean => one.firstUntouched() !== undefined;
    if (this.#inFlight < this.#concurrency && this.#sessions.hasIdle && sessions.some(held))
      this.#timer.set(TAKE_BACK_AFTER_MS);
    else if (sessions.some(({ batches }) => batches.size === 0)) this.#timer.set(LINGER);
  }

  // ─── what comes from the workers ────────────────────────────────────────────────────────────

  /** A session has its worker. @internal */
  ready(): void {
    this.dispatch();
  }

  /** From a session. @internal */
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

  /** A session's thread has ended by itself: its worker died, or it never got to a value. @internal */
  died(session: MapSession, error: unknown): void {
    this.#sessions.delete(session);
    let begun = session.worked;
    for (const batch of session.batches.values()) begun = this.#lose(batch, error) || begun;
    if (!begun && error !== undefined) this.#results.fail(error);
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
