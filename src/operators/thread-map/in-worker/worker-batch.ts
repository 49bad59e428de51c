import type { TransferListItem } from 'node:worker_threads';
import { cannotClone } from '../../../pool/in-worker/failure.js';
import { isStream, isThenable } from '../../../pool/in-worker/result-kind.js';
import { Streaming } from '../../../pool/in-worker/streaming.js';
import { decode, type Encoded, encode, type PackedError } from '../../../pool/wire/codec.js';
import { NOT_PLAIN, plainCopyOf } from '../../../pool/wire/plain-copy.js';
import { moves, movesOf } from '../../../pool/wire/transfer.js';
import type { Cells } from '../../../primitives/memory/word.js';
import type { Runnable } from '../../../primitives/target.js';
import { getIdent } from '../../../primitives/threads/current-ident.js';
import { now } from '../../../primitives/waiting/event-loop.js';
import { claim } from '../batch-claims.js';
import { type BatchMessage, type FromBatchMessage, STREAM_WINDOW } from '../messages.js';

/** ms that a result waits for those that follow it, so that they travel together; more while the next value takes longer. */
const LATEST = 2;

/** Which value of which batch. */
export interface ValuePlace {
  readonly id: number;
  readonly at: number;
}

/** What the batches of a session have in common. */
export interface TakingSession {
  readonly run: Runnable;
  /** Runs code so that what it reports, sooner or later, is known to be about this value; undefined: nobody asks. */
  readonly within: (<T>(place: ValuePlace, code: () => T) => T) | undefined;
  readonly cells: Cells;
  explain(error: unknown): PackedError;
  /** Nothing of a batch that was stopped runs any more. */
  settled(): void;
  post(message: FromBatchMessage, transfer?: readonly TransferListItem[]): void;
}

/** A batch in its worker: values that are mapped one after the other. */
export class TakenBatch {
  readonly #id: number;
  readonly #cell: number;
  readonly #values: readonly unknown[];
  readonly #session: TakingSession;
  /** Index of the value that is being mapped. */
  #at = 0;
  /** Results, not yet sent, of the values right before that one. */
  #results: unknown[] = [];
  readonly #began: number = now();
  #flushed: number = this.#began;
  /** How many values the session has been told the results of. */
  #told = 0;
  #streaming: Streaming | undefined;
  #stopped = false;
  /** The value that is being mapped is asynchronous, and has not settled. */
  pending = false;

  constructor(message: BatchMessage, session: TakingSession) {
    this.#id = message.id;
    this.#cell = message.cell;
    this.#values = decode(message.values) as unknown[];
    this.#session = session;
  }

  credit(values: number): void {
    this.#streaming?.output.add(values);
  }

  /** Runs it once the values that a stream has emitted so far are sent, as far as they have room. */
  inTurn(run: () => void): void {
    if (this.#streaming === undefined) run();
    else this.#streaming.inTurn(run);
  }

  /** Called when the thread is cancelled: the values that are left are not mapped. */
  stop(): void {
    this.#stopped = true;
  }

  go(): void {
    const { run, cells, within } = this.#session;
    while (!this.#stopped && this.#at < this.#values.length && claim(cells, this.#cell, this.#at)) {
      const value = this.#values[this.#at];
      let result: unknown;
      try {
        result = within === undefined ? run(value) : within(this.#place, () => run(value));
        // By a promise, because a `then` of the user's may throw, call back twice, or come to another promise.
        if (isThenable(result)) result = Promise.resolve(result);
      } catch (error) {
        this.#fail(error);
        return;
      }
      if (isThenable(result)) {
        this.flush();
        this.pending = true;
        result.then(
          (value) => this.#settled(() => this.#resulted(value)),
          (error) => this.#settled(() => this.#fail(error)),
        );
        return;
      }
      if (isStream(result)) {
        this.#streamed(result);
        return;
      }
      if (!this.#keep(result)) return;
    }
    this.#done();
  }

  /** What was asynchronous has ended. */
  #settled(go: () => void): void {
    this.pending = false;
    if (this.#stopped) this.#session.settled();
    else go();
  }

  #resulted(value: unknown): void {
    if (isStream(value)) this.#streamed(value);
    else if (this.#keep(value)) this.go();
  }

  /** Keeps a result, as it is now, for the next message. false: a result could not be sent, and the batch has failed. */
  #keep(result: unknown): boolean {
    if (moves(result) && !this.flush()) return false;
    const copy = plainCopyOf(result);
    this.#results.push(copy === NOT_PLAIN ? result : copy);
    this.#at++;
    return (copy !== NOT_PLAIN && now() - this.#flushed < LATEST) || this.flush();
  }

  #done(): void {
    if (this.#stopped) return;
    const done = (values: readonly unknown[]): void =>
      this.#session.post({
        kind: 'done',
        id: this.#id,
        values: encode(values),
        done: this.#at,
        took: now() - this.#began,
      });
    try {
      done(this.#results);
    } catch {
      // One of the results cannot be cloned: `flush` finds out which.
      if (this.flush()) done([]);
    }
  }

  /** Sends the results that wait. false: one of them could not be sent, and the batch has failed. */
  flush(): boolean {
    const results = this.#results;
    const first = this.#at - results.length;
    this.#flushed = now();
    this.#results = [];
    if (results.length === 0 || this.#stopped) return true;
    try {
      this.#send(results, this.#at);
      return true;
    } catch {
      return this.#sendEach(results, first);
    }
  }

  #sendEach(results: readonly unknown[], first: number): boolean {
    for (const [index, result] of results.entries()) {
      try {
        this.#send([result], first + index + 1);
      } catch (cause) {
        this.#at = first + index;
        this.#fail(cannotClone(getIdent(), 'result', result, cause));
        return false;
      }
    }
    return true;
  }

  #send(results: readonly unknown[], done: number): void {
    const transfer = movesOf(results);
    this.#post(encode(results, transfer), done, false, transfer);
  }

  #post(values: Encoded, done: number, streamed: boolean, transfer: readonly TransferListItem[]): void {
    this.#told = done;
    this.#session.post({ kind: 'results', id: this.#id, values, done, streamed }, transfer);
  }

  /** Called as the worker exits: what has been mapped is not to be mapped again. */
  tell(): void {
    if (this.flush() && this.#told < this.#at && !this.#stopped) this.#post(encode([]), this.#at, false, []);
  }

  get #place(): ValuePlace {
    return { id: this.#id, at: this.#at };
  }

  #streamed(source: object): void {
    const { within } = this.#session;
    if (within === undefined) void this.#stream(source);
    else void within(this.#place, () => this.#stream(source));
  }

  /** Sends the values of a result that is a stream, as far as the results before them are passed on. */
  async #stream(source: object): Promise<void> {
    if (!this.flush()) return;
    this.pending = true;
    this.#streaming = new Streaming(STREAM_WINDOW, (values, transfer) =>
      this.#post(values, this.#at, true, transfer),
    );
    try {
      await this.#streaming.run(source);
      this.#streaming = undefined;
    } catch (error) {
      this.#settled(() => this.#fail(error));
      return;
    }
    this.#settled(() => {
      this.#at++;
      this.go();
    });
  }

  #fail(error: unknown): void {
    // The results before it come first.
    if (this.#stopped || !this.flush()) return;
    this.#stopped = true;
    this.#session.post({
      kind: 'failed',
      id: this.#id,
      done: this.#at,
      error: this.#session.explain(error),
      unmade: false,
    });
  }
}
